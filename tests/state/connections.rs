//! The state server has no connection left.

use windlass::postgres::{Server, Session};

use super::world::World;
use crate::support::PrivateServer;

/// Takes all connections that an ordinary user can have, also those that somebody has: these are ended.
async fn take_all(server: &Server, state: &Session) -> Vec<Session> {
    let end_others = "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = 'app' \
                      and application_name <> 'test-greedy' and backend_type = 'client backend'";
    let mut taken = Vec::new();
    loop {
        match server.connect("test-greedy").await {
            Ok(session) => taken.push(session),
            Err(error) => {
                assert!(error.is("53300"), "{error}");
                let others: i64 = state.client().query_one(end_others, &[]).await.unwrap().get(0);
                if others == 0 {
                    return taken;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_server_without_connections_is_waited_for() {
    let server = PrivateServer::start(&["max_connections=28"], false).await;
    let admin = server.server("postgres").connect("test-admin").await.unwrap();
    admin.client().batch_execute("create role app login; grant create on database postgres to app").await.unwrap();
    let url = server.embedded().url("postgres").replacen("//windlass@", "//app@", 1);
    let world = World::new(&server.server("postgres"), &url, 1).await;

    let taken = take_all(&Server::from_url(&url, None).unwrap(), &world.state).await;
    world.daemon.says("waiting for the state database").await;
    world.comes_to_be(false).await;
    // Ends while there is nobody to be told.
    world.open_gate().await;
    world.daemon.says("asking whether the run is still ours").await;
    drop(taken);
    world.works_again("connections are free again").await;
    world.comes_to_be(true).await;
    admin.close().await;
    world.ends_as_if_nothing_had_been().await;
}
