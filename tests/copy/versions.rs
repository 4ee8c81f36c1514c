//! Between any two versions of PostgreSQL.

use windlass::domain::failure::Side;

use super::Copy;
use crate::support::{server, server_of, servers};

#[tokio::test]
async fn every_pair_of_versions_copies() {
    for source in servers() {
        for target in servers() {
            let make = "create table t (a int primary key, \"값\" text, at timestamptz not null, n numeric[], j jsonb);
                        insert into t select g, nullif('값 ' || g, '값 3'), to_timestamp(g), array[g, null], '{}'
                        from generate_series(1, 1000) g";
            let copy = Copy::between([source, target], "t", "s.t", make, "create schema s").await;
            let pair = format!("{} to {}", source.major(), target.major());
            for _ in 0..2 {
                let outcome = copy.run().await.unwrap_or_else(|failure| panic!("{pair}: {failure:?}"));
                assert_eq!((outcome.rows, outcome.format.as_deref()), (Some(1000), Some("binary")), "{pair}");
            }
            let sum = |table| format!("select md5(string_agg(t::text, ';' order by a)) from {table} t");
            assert_eq!(copy.source.value(&sum("t")).await, copy.target.value(&sum("s.t")).await, "{pair}");
            copy.assert_nothing_left().await;
            copy.close().await;
        }
    }
}

#[tokio::test]
async fn an_interval_that_the_target_can_not_hold_is_refused_and_never_changed() {
    let Some(source) = server_of(18) else { return };
    let make = "create table t (a interval); insert into t values ('1 day'), ('infinity')";
    let copy = Copy::between([source, server()], "t", "t", make, "create table t (a interval)").await;
    if server().major() >= 17 {
        assert_eq!(copy.run().await.unwrap().rows, Some(2));
    } else {
        let failure = copy.failure().await;
        assert_eq!((failure.side, failure.sqlstate.as_deref()), (Side::Target, Some("22007")), "{failure:?}");
        assert!(failure.message.contains("line 2, column a"), "{failure:?}");
    }
    copy.close().await;
}
