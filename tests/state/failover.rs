//! The state server fails over to its standby.

use socket2::{Domain, Socket, Type};
use windlass::postgres::Server;
use windlass::store::Store;
use windlass::telemetry::Metrics;

use super::world::World;
use crate::support::prometheus::free_address;
use crate::support::{PrivateServer, eventually, server};

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_is_promoted_takes_over_and_no_due_time_is_lost_or_runs_twice() {
    let ports = [free_address().port(), free_address().port()];
    let settings = ports.map(|port| format!("port={port}"));
    let primary = PrivateServer::start(&["listen_addresses=127.0.0.1", &settings[0]], false).await;
    let rules = primary.embedded().data().join("pg_hba.conf");
    let local = std::fs::read_to_string(&rules).unwrap();
    std::fs::write(&rules, format!("host all all 127.0.0.1/32 trust\n{local}")).unwrap();
    let admin = primary.server("postgres").connect("test-admin").await.unwrap();
    admin.client().batch_execute("select pg_reload_conf()").await.unwrap();
    let Some(standby) = primary.standby(&["listen_addresses=127.0.0.1", &settings[1]]).await else { return };
    // What the primary acknowledges the standby has.
    admin.client().batch_execute("alter system set synchronous_standby_names = '*'").await.unwrap();
    admin.client().batch_execute("select pg_reload_conf()").await.unwrap();
    let sync = "select count(*) from pg_stat_replication where sync_state = 'sync'";
    let count = async || admin.client().query_one(sync, &[]).await.unwrap().get::<_, i64>(0);
    eventually("the standby is synchronous", async || count().await == 1).await;

    // The standby comes first: what it is, is found out at each connection.
    let hosts = format!("127.0.0.1:{},127.0.0.1:{}", ports[1], ports[0]);
    let url = format!("postgres://windlass@{hosts}/postgres?target_session_attrs=read-write");
    let mut world = World::new(&primary.server("postgres"), &url, 1).await;
    // What the daemon works on at this very moment may be done again.
    world.between_two_due_times().await;
    primary.kill();
    world.daemon.says("waiting for the state database").await;
    world.comes_to_be(false).await;
    world.open_gate().await;
    world.daemon.says("asking whether the run is still ours").await;
    world.state = standby.server("postgres").connect("test-admin").await.unwrap();
    world.state.client().batch_execute("select pg_promote()").await.unwrap();
    world.works_again("the standby is promoted").await;
    world.comes_to_be(true).await;
    world.ends_as_if_nothing_had_been().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_machine_that_is_gone_nor_a_server_that_hangs_keeps_from_the_next_host() {
    // It takes one connection that nobody accepts, and says nothing to any other.
    let gone = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    gone.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    gone.listen(0).unwrap();
    let place = gone.local_addr().unwrap();
    let queued: Vec<Socket> = (0..4)
        .map(|_| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.set_nonblocking(true).unwrap();
            // In progress is all that it can say.
            drop(socket.connect(&place));
            socket
        })
        .collect();

    // It takes connections and never says a word.
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();

    let database = server().database().await;
    let (gone, hangs) = (place.as_socket().unwrap(), mute.local_addr().unwrap());
    let url = database.url().replacen('@', &format!("@{gone},{hangs},"), 1);
    let store = Store::new(Server::from_url(&url, None).unwrap(), Metrics::new("test")).unwrap();
    store.migrate().await.unwrap();
    store.close();
    drop(queued);
    database.close().await;
}
