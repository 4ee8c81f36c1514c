use windlass::postgres::embedded::{Embedded, EmbeddedSettings};

use super::owner_process::Owner;
use crate::support::{Keeper, processes_naming, server};

fn settings(keeper: &Keeper) -> EmbeddedSettings {
    EmbeddedSettings::new(keeper.path()).option("fsync", "off")
}

#[tokio::test]
async fn two_processes_share_one_server_and_the_last_one_stops_it() {
    let keeper = Keeper::new();
    let embedded = Embedded::start(settings(&keeper)).await.unwrap();
    let session = embedded.server("postgres").connect("test").await.unwrap();
    let mut other = Owner::start(keeper.path());
    other.ready();
    // Ours stops; the other one keeps the server, and this session with it.
    embedded.stop().await.unwrap();
    session.client().batch_execute("select 1").await.unwrap();
    other.stop();
    assert_eq!(processes_naming(keeper.path()), [""; 0]);
    assert!(session.client().batch_execute("select 1").await.is_err());
}

#[tokio::test]
async fn users_that_start_at_the_same_moment_get_one_server() {
    let keeper = Keeper::new();
    let start = || async { Embedded::start(settings(&keeper)).await.unwrap() };
    let (first, second, third) = tokio::join!(start(), start(), start());
    for user in [&first, &second, &third] {
        user.server("postgres").connect("test").await.unwrap();
    }
    assert_eq!(processes_naming(keeper.path()).len(), 2, "a server and a guardian");
    let (first, second, third) = tokio::join!(first.stop(), second.stop(), third.stop());
    first.and(second).and(third).unwrap();
    assert_eq!(processes_naming(keeper.path()), [""; 0]);
}

#[tokio::test]
async fn dropping_the_last_share_stops_the_server_too() {
    let keeper = Keeper::new();
    drop(Embedded::start(settings(&keeper)).await.unwrap());
    crate::support::eventually("server and guardian are gone", async || processes_naming(keeper.path()).is_empty())
        .await;
}

#[tokio::test]
async fn it_listens_on_no_network_and_keeps_its_socket_private() {
    let database = server().database().await;
    assert_eq!(database.value("current_setting('listen_addresses')").await, "");
    assert_eq!(database.value("current_setting('server_encoding')").await, "UTF8");
    let folder = database.value("current_setting('unix_socket_directories')").await;
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(folder).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700);
    database.close().await;
}

#[tokio::test]
async fn databases_are_made_once_by_whatever_name() {
    let keeper = Keeper::new();
    let embedded = Embedded::start(settings(&keeper)).await.unwrap();
    let name = "창고 \"main\"/db";
    let (first, second) = tokio::join!(embedded.ensure_database(name), embedded.ensure_database(name));
    first.and(second).unwrap();
    embedded.ensure_database(name).await.unwrap();
    let by_url = windlass::postgres::Server::from_url(&embedded.url(name), None).unwrap();
    for server in [embedded.server(name), by_url] {
        let session = server.connect("test").await.unwrap();
        let row = session.client().query_one("select current_database()::text", &[]).await.unwrap();
        assert_eq!(row.get::<_, String>(0), name);
    }
    embedded.stop().await.unwrap();
}
