//! A server that is restarted in the middle of a copy.

use windlass::domain::failure::{FailureClass, Side};
use windlass::domain::step::CopySource;

use crate::copy::Copy;
use crate::support::PrivateServer;

#[tokio::test]
async fn a_server_restarted_in_the_middle_costs_an_attempt_and_nothing_else() {
    let (source, target) = tokio::join!(PrivateServer::start(&[], false), PrivateServer::start(&[], false));
    let make = "create table t (a int); insert into t select generate_series(1, 100);
                create view endless as select generate_series(1, 2000000000) as a, repeat('값', 100) as b";
    let there = "create table t (a int); insert into t values (7)";
    let (from, onto) = tokio::join!(source.database(), target.database());
    let mut copy = Copy::from_to(from, onto, "endless", "t", make, there).await;
    for (side, server, how) in [(Side::Source, &source, "fast"), (Side::Target, &target, "immediate")] {
        let restarting = async {
            copy.host.progress_with(|progress| progress.rows > Some(1000)).await;
            server.restart(how).await;
        };
        let (result, ()) = tokio::join!(copy.run(), restarting);
        let failure = result.expect_err("the copy should fail");
        assert_eq!((failure.side, failure.class), (side, FailureClass::Transient), "{how}: {failure:?}");
        tokio::join!(copy.source.reconnect(), copy.target.reconnect());
        assert_eq!(copy.target.value("select string_agg(a::text, ';') from t").await, "7", "{how}");
        copy.host.progress.lock().unwrap().clear();
        copy.context.attempt += 1;
    }
    copy.step.source = CopySource::Table { table: "t".into(), columns: Vec::new(), condition: None }.into();
    assert_eq!(copy.run().await.unwrap().rows, Some(100));
    copy.assert_nothing_left().await;
    copy.close().await;
}
