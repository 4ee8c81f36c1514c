//! A cancel that doesn't get through: the process is terminated.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use windlass::domain::code::Code;
use windlass::postgres::Server;

use super::fixture::{blind, four_slots, hold, nothing_left, on, run, slow, step};

/// The number that stands in a request to cancel where others say the protocol's version (PostgreSQL's documentation,
/// message formats).
const CANCEL: u32 = 80_877_102;

/// Passes connections on to the server, as a pooler or firewall would that knows nothing of requests to cancel.
async fn without_cancels(listener: UnixListener, server: std::path::PathBuf) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((mut client, _)) = listener.accept().await {
        let server = server.clone();
        connections.spawn(async move {
            let mut head = [0; 8];
            client.read_exact(&mut head).await?;
            if head[4..] == CANCEL.to_be_bytes() {
                return Ok(());
            }
            let mut server = UnixStream::connect(server).await?;
            server.write_all(&head).await?;
            tokio::io::copy_bidirectional(&mut client, &mut server).await.map(drop)
        });
    }
}

fn socket_in(folder: &Path, port: u16) -> std::path::PathBuf {
    folder.join(format!(".s.PGSQL.{port}"))
}

#[tokio::test]
async fn a_query_that_no_cancel_reaches_is_terminated() {
    let (_server, database) = four_slots().await;
    let _holder = hold(&database, 3).await;
    let config = blind(&database).await.config().clone();
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let tokio_postgres::config::Host::Unix(real) = &config.get_hosts()[0] else { panic!("a Unix socket") };
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(socket_in(folder.path(), port)).unwrap();
    let mut passed_on = tokio::task::JoinSet::new();
    passed_on.spawn(without_cancels(listener, socket_in(real, port)));
    let mut through = tokio_postgres::Config::new();
    through.host_path(folder.path()).port(port).user("blind").dbname("postgres");

    let (context, host) = on(&Server::from_config(through));
    let mut step = step("result", &slow(60.0), 4, 2, 1);
    step.workers.first_look = Duration::from_millis(50);
    let failure = run(&step, &context).await.unwrap_err();
    assert_eq!(failure.code, Code::WorkerShortage);
    assert!(host.find("attempt 1/1: launched 1 of 4, best so far 1, cancelled, dropped").is_some());
    nothing_left(&database).await;
}
