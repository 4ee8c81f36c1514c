//! A source that is a hot standby, and cancels queries that its recovery can't wait for.

use windlass::domain::code::Code;
use windlass::domain::failure::{FailureClass, Side};
use windlass::domain::step::CopySource;

use crate::copy::Copy;
use crate::support::{PrivateServer, eventually, server};

#[tokio::test]
async fn a_standby_that_cancels_the_query_is_a_conflict_of_the_source() {
    let primary = PrivateServer::start(&["wal_level=replica", "max_wal_senders=4"], false).await;
    let Some(standby) = primary.standby(&["max_standby_streaming_delay=0"]).await else { return };
    let source = primary.database().await;
    let target = server().database().await;
    let make = "create table t (a int primary key, b text);
                insert into t select g, repeat('값', 50) from generate_series(1, 20000) g;
                create view slow as select a, b, pg_sleep(0.001) is null as slept from t";
    let there = "create table t (a int); insert into t values (7)";
    let mut copy = Copy::from_to(source, target, "slow", "t", make, there).await;
    // The copy reads from the standby what it was told of the primary.
    let replica = standby.server(copy.source.name());
    eventually("the standby has the rows", async || {
        let Ok(session) = replica.connect("test-admin").await else { return false };
        session.query_one("select 1 from t limit 1", &[], "looking").await.is_ok()
    })
    .await;
    copy.read_from(replica);
    let vacuuming = async {
        copy.host.progress_with(|progress| progress.rows > Some(0)).await;
        copy.source.execute("delete from t where a % 2 = 0").await;
        copy.source.execute("vacuum t").await;
    };
    let (result, ()) = tokio::join!(copy.run(), vacuuming);
    let failure = result.expect_err("the copy should fail");
    assert_eq!((failure.side, failure.class), (Side::Source, FailureClass::Transient), "{failure:?}");
    assert_eq!((failure.code, failure.sqlstate.as_deref()), (Code::PostgresConflict, Some("40001")), "{failure:?}");
    copy.assert_nothing_left().await;
    assert_eq!(copy.target.value("select string_agg(a::text, ';') from t").await, "7");
    copy.context.attempt += 1;
    copy.step.source = CopySource::Table { table: "t".into(), columns: Vec::new(), condition: None }.into();
    assert_eq!(copy.run().await.unwrap().rows, Some(10_000));
    copy.assert_nothing_left().await;
    drop(standby);
    copy.close().await;
}
