//! The state server answers, but with a refusal: it takes no writes, as a standby that isn't promoted yet, or cancels
//! statements that somebody else keeps waiting.

use nix::sys::signal::Signal;
use windlass::postgres::Session;

use super::world::{World, write_settings};
use crate::cli::folder::Folder;
use crate::cli::serving::{address, get};
use crate::support::PrivateServer;

/// Changes a setting of the server for everybody who is connected and all who come: `set x = 1`, `reset x`.
async fn alter(state: &Session, change: &str) {
    // The first can't be part of a transaction, which two statements at once are.
    for statement in [format!("alter system {change}").as_str(), "select pg_reload_conf()"] {
        state.client().batch_execute(statement).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_server_that_takes_no_writes_for_a_while_is_waited_for() {
    let server = PrivateServer::start(&[], false).await;
    let world = World::new(&server.server("postgres"), &server.embedded().url("postgres"), 1).await;
    alter(&world.state, "set default_transaction_read_only = on").await;
    world.daemon.says("cannot execute").await;
    world.comes_to_be(false).await;
    world.open_gate().await;
    world.daemon.says("recording a run").await;
    alter(&world.state, "reset default_transaction_read_only").await;
    world.works_again("writes are taken again").await;
    world.comes_to_be(true).await;
    world.ends_as_if_nothing_had_been().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_starts_at_a_state_server_that_takes_no_writes_waits_for_it() {
    let server = PrivateServer::start(&[], false).await;
    let state = server.server("postgres").connect("test-admin").await.unwrap();
    let folder = Folder::new().await;
    write_settings(&folder, &server.embedded().url("postgres"), "max_runs: 1");
    // Once without its schema, once with it.
    for log in ["first.log", "second.log"] {
        alter(&state, "set default_transaction_read_only = on").await;
        let daemon = folder.start_as(log, &["serve"]);
        daemon.says("waiting for the state database").await;
        assert!(get(&address(&daemon).await, "/readyz").await.0.contains("503"));
        alter(&state, "reset default_transaction_read_only").await;
        daemon.says("ready daemon.id").await;
        daemon.signal(Signal::SIGTERM);
        daemon.end().await.ends(0);
    }
    state.close().await;
    folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_that_the_state_server_cancels_are_tried_again() {
    let server = PrivateServer::start(&[], false).await;
    let world = World::new(&server.server("postgres"), &server.embedded().url("postgres"), 1).await;
    world.state.client().batch_execute("set statement_timeout = 0").await.unwrap();
    alter(&world.state, "set statement_timeout = '200ms'").await;
    let lock = "begin; lock table windlass.run, windlass.attempt";
    world.state.client().batch_execute(lock).await.unwrap();
    world.open_gate().await;
    world.daemon.says("canceling statement due to statement timeout").await;
    // The long step's end can't be recorded meanwhile.
    world.daemon.says("waiting for the state database").await;
    world.comes_to_be(false).await;
    world.state.client().batch_execute("commit").await.unwrap();
    alter(&world.state, "reset statement_timeout").await;
    world.works_again("nobody keeps the tables").await;
    world.comes_to_be(true).await;
    world.ends_as_if_nothing_had_been().await;
}
