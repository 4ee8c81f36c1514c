//! The state server answers, but with a refusal: it takes no writes, as a standby that isn't promoted yet, or cancels
//! statements that somebody else keeps waiting.

use super::world::World;
use crate::support::PrivateServer;

#[tokio::test(flavor = "multi_thread")]
async fn a_state_server_that_takes_no_writes_for_a_while_is_waited_for() {
    let server = PrivateServer::start(&[], false).await;
    let world = World::new(&server.server("postgres"), &server.embedded().url("postgres"), 1).await;
    let state = world.state.client();
    state.batch_execute("alter system set default_transaction_read_only = on").await.unwrap();
    state.batch_execute("select pg_reload_conf()").await.unwrap();
    world.daemon.says("cannot execute").await;
    world.comes_to_be(false).await;
    world.open_gate().await;
    world.daemon.says("recording a run").await;
    state.batch_execute("alter system reset default_transaction_read_only").await.unwrap();
    state.batch_execute("select pg_reload_conf()").await.unwrap();
    world.works_again("writes are taken again").await;
    world.comes_to_be(true).await;
    world.ends_as_if_nothing_had_been().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_that_the_state_server_cancels_are_tried_again() {
    let server = PrivateServer::start(&[], false).await;
    let world = World::new(&server.server("postgres"), &server.embedded().url("postgres"), 1).await;
    let state = world.state.client();
    state.batch_execute("set statement_timeout = 0").await.unwrap();
    state.batch_execute("alter system set statement_timeout = '200ms'").await.unwrap();
    state.batch_execute("select pg_reload_conf(); begin; lock table windlass.run, windlass.attempt").await.unwrap();
    world.open_gate().await;
    world.daemon.says("canceling statement due to statement timeout").await;
    // The long step's end can't be recorded meanwhile.
    world.daemon.says("waiting for the state database").await;
    world.comes_to_be(false).await;
    state.batch_execute("commit").await.unwrap();
    state.batch_execute("alter system reset statement_timeout").await.unwrap();
    state.batch_execute("select pg_reload_conf()").await.unwrap();
    world.works_again("nobody keeps the tables").await;
    world.comes_to_be(true).await;
    world.ends_as_if_nothing_had_been().await;
}
