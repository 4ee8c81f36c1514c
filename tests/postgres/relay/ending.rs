//! A relay that is given up, and one that has to wait.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use windlass::domain::failure::Side;

use super::{Pair, sessions};
use crate::support::eventually;

#[tokio::test]
async fn a_relay_dropped_at_any_moment_leaves_sessions_that_can_be_stopped() {
    let mut pair = Pair::of("create table t (a int, b text)").await;
    let seed = rand::random();
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    for round in 0..20 {
        let limit = Duration::from_micros(random.random_range(0..60_000));
        let relay = pair.relay("select generate_series(1, 2000000000), repeat('x', 500)", "t", "text");
        let ended = tokio::time::timeout(limit, relay).await;
        assert!(ended.is_err(), "round {round} of seed {seed}: {ended:?}");
        assert_eq!(pair.flow.waiting(), None);
        let (source, target) = sessions(&pair.database.server()).await;
        let (old_source, old_target) =
            (std::mem::replace(&mut pair.source, source), std::mem::replace(&mut pair.target, target));
        let pids = format!("{}, {}", old_source.pid(), old_target.pid());
        let (stopped, also) = tokio::join!(old_source.stop(), old_target.stop());
        stopped.and(also).unwrap_or_else(|error| panic!("round {round} of seed {seed}: {error}"));
        let left = format!("select count(*) from pg_stat_activity where pid in ({pids})");
        assert_eq!(pair.database.value(&left).await, "0", "round {round} of seed {seed}");
    }
    assert_eq!(pair.database.value("select count(*) from t").await, "0");
    pair.stop().await;
}

#[tokio::test]
async fn a_target_that_stalls_stops_the_source_and_goes_on_when_it_can() {
    let slow = "create table t (a int, b text);
         create function wait() returns trigger language plpgsql as
           $$begin if new.a = 1000 then perform pg_advisory_xact_lock(1); end if; return new; end$$;
         create trigger wait before insert on t for each row execute function wait();";
    let pair = Pair::of(slow).await;
    let holder = pair.database.server().connect("relay/holder").await.unwrap();
    holder.execute("select pg_advisory_lock(1)", "stalling the target").await.unwrap();
    let watching = async {
        let stalled = |flow: &windlass::postgres::Flow| {
            flow.waiting().is_some_and(|(side, since)| side == Side::Target && since > Duration::from_millis(500))
        };
        eventually("the target is waited for", async || stalled(&pair.flow)).await;
        // What fits into our buffers and those of both sockets, of more than 40 MB.
        let bytes = pair.flow.bytes();
        assert!(bytes < 4_000_000, "{bytes} bytes were read");
        let waits = format!("select wait_event from pg_stat_activity where pid = {}", pair.source.pid());
        assert_eq!(pair.database.value(&waits).await, "ClientWrite");
        assert_eq!(pair.flow.bytes(), bytes);
        holder.execute("select pg_advisory_unlock(1)", "letting the target go on").await.unwrap();
    };
    let rows = pair.relay("select g, repeat('x', 400) from generate_series(1, 100000) g", "t", "binary");
    let (relayed, ()) = tokio::join!(rows, watching);
    assert_eq!(relayed.unwrap().written, 100_000);
    holder.close().await;
    pair.stop().await;
}
