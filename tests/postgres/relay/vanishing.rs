//! A peer that takes nothing for a while is waited for; one that vanishes without a word is not.

use std::process::Command;
use std::time::Duration;

use windlass::domain::failure::Side;
use windlass::postgres::{Flow, PgErrorKind, Relay, Server, Session};

use crate::support::{PrivateServer, eventually, skipped};

/// Silence is noticed quickly, so that the test is quick.
const IMPATIENT: &str =
    "tcp_user_timeout=1&keepalives_idle=1&keepalives_interval=1&keepalives_retries=2&connect_timeout=1";

/// A table whose thousandth row has to wait until nobody holds a lock.
const STALLING: &str = "create role member login superuser password 'word';
     create table t (a int, b text);
     create function wait() returns trigger language plpgsql as
       $$begin if new.a = 1000 then perform pg_advisory_xact_lock(1); end if; return new; end$$;
     create trigger wait before insert on t for each row execute function wait();
     select pg_advisory_lock(1)";

/// A server reached over TCP, and a session over its Unix socket that holds the lock.
async fn stalled() -> (PrivateServer, Server, Session) {
    let server = PrivateServer::start(&[], true).await;
    let holder = server.server("postgres").connect("vanishing/holder").await.unwrap();
    holder.execute(STALLING, "preparing").await.unwrap();
    let url = format!("postgres://member:word@127.0.0.1:{}/postgres?{IMPATIENT}", server.tcp_port());
    (server, Server::from_url(&url, None).unwrap(), holder)
}

fn relay<'a>(source: &'a Session, target: &'a Session, flow: &'a Flow) -> Relay<'a> {
    let out = "copy (select generate_series(1, 100000), repeat('x', 400)) to stdout";
    Relay { source, out, target, into: "copy t from stdin", flow }
}

/// Returns once the target has been waited for longer than its `tcp_user_timeout`.
async fn waited_for(flow: &Flow, silence: Duration) {
    let waited = || flow.waiting().is_some_and(|(side, since)| side == Side::Target && since > silence);
    eventually("the target is waited for", async || waited()).await;
}

#[tokio::test]
async fn a_target_that_is_there_may_stall_for_longer_than_a_peer_may_be_silent() {
    let (_server, tcp, holder) = stalled().await;
    let (source, target) = super::sessions(&tcp).await;
    let flow = Flow::default();
    let waiting = async {
        waited_for(&flow, Duration::from_secs(4)).await;
        holder.execute("select pg_advisory_unlock(1)", "letting the target go on").await.unwrap();
    };
    let (relayed, ()) = tokio::join!(Box::pin(relay(&source, &target, &flow).run()), waiting);
    assert_eq!(relayed.unwrap().written, 100_000);
    tokio::join!(source.close(), target.close(), holder.close());
}

#[test]
fn a_peer_that_vanishes_is_noticed() {
    // In a network of its own, which can be taken down.
    let program = std::env::current_exe().unwrap();
    let inside = ["--exact", "postgres::relay::vanishing::inside", "--ignored", "--nocapture"];
    let own_network = || {
        let mut command = Command::new("unshare");
        command.args(["--net", "sh", "-c", r#"ip link set lo up && exec "$@""#, "sh"]);
        command
    };
    if !own_network().arg("true").output().is_ok_and(|output| output.status.success()) {
        skipped("a network of its own takes root, `unshare` and `ip`");
        return;
    }
    let output = own_network().arg(program).args(inside).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &*String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
#[ignore = "`a_peer_that_vanishes_is_noticed` runs it in a network of its own"]
async fn inside() {
    let (_server, tcp, _holder) = stalled().await;
    let (source, target) = super::sessions(&tcp).await;
    let asking = tcp.connect("vanishing/asking").await.unwrap();
    let flow = Flow::default();
    let vanishing = async {
        waited_for(&flow, Duration::from_secs(2)).await;
        assert!(Command::new("ip").args(["link", "set", "lo", "down"]).status().unwrap().success());
        tokio::time::Instant::now()
    };
    let relaying = async {
        let error = Box::pin(relay(&source, &target, &flow).run()).await.unwrap_err();
        (error, tokio::time::Instant::now())
    };
    let answer = async {
        let error = asking.execute("select pg_sleep(600)", "waiting for an answer").await.unwrap_err();
        (error, tokio::time::Instant::now())
    };
    let (vanished, (relayed, told), (answered, heard)) = tokio::join!(vanishing, relaying, answer);
    let target_side = relayed.target.unwrap();
    assert_eq!((relayed.first, target_side.kind), (Side::Target, PgErrorKind::Lost), "{target_side:?}");
    assert!(target_side.message.contains("does not answer"), "{target_side:?}");
    assert_eq!(answered.kind, PgErrorKind::Lost, "{answered:?}");
    // The system's own patience is a quarter of an hour.
    for moment in [told, heard] {
        assert!(moment - vanished < Duration::from_mins(2), "after {:?}", moment - vanished);
    }
    // Whether they have ended can't be seen; but that is said, and soon.
    let stopping = async { tokio::join!(source.stop(), target.stop(), asking.stop()) };
    let (source, target, asking) = tokio::time::timeout(Duration::from_mins(2), stopping).await.unwrap();
    assert!(source.is_err() && target.is_err() && asking.is_err());
}
