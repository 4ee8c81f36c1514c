//! Others who hold locks at the moment of the swap.

use windlass::domain::failure::FailureClass;

use crate::copy::Copy;
use crate::support::eventually;

#[tokio::test]
async fn a_deadlock_with_the_swap_is_got_over() {
    let copy = Copy::of(
        "t",
        "t",
        "create table t (a int); insert into t values (1)",
        "create table t (a int); insert into t values (7)",
    )
    .await;
    // The swap looks for a deadlock soon, the other session never: so the swap is the one that is ended.
    copy.target.set_default("deadlock_timeout = '100ms'").await;
    let other = copy.target.server().connect("test-other").await.unwrap();
    let open = copy.host.hold_gate();
    let hidden = "select quote_ident(relname) from pg_class where relname like 'windlass%' and relkind = 'r'";
    let crossing = async {
        copy.host.gate_reached().await;
        let hidden = copy.target.value(hidden).await;
        let begin = "set deadlock_timeout = '1h'; begin; lock table t in access share mode";
        other.execute(begin, "holding the old table").await.unwrap();
        open.notify_one();
        let swapping = format!(
            "select count(*) from pg_locks where relation = '{hidden}'::regclass and granted and mode = 'AccessExclusiveLock'"
        );
        eventually("the swap holds the new table", async || copy.target.value(&swapping).await == "1").await;
        // From here on each waits for the other.
        let want = format!("lock table {hidden} in access share mode; commit");
        other.execute(&want, "wanting the new table").await.unwrap();
    };
    let (outcome, ()) = tokio::join!(copy.run(), crossing);
    match outcome {
        Ok(outcome) => assert_eq!(outcome.rows, Some(1)),
        Err(failure) => {
            assert_eq!(failure.class, FailureClass::Transient, "{failure:?}");
            copy.assert_nothing_left().await;
            assert_eq!(copy.target.value("select a from t").await, "7");
            assert_eq!(copy.run().await.unwrap().rows, Some(1));
        }
    }
    let deadlocks = "select deadlocks from pg_stat_database where datname = current_database()";
    eventually("the server has counted a deadlock", async || copy.target.value(deadlocks).await == "1").await;
    assert_eq!(copy.target.value("select a from t").await, "1");
    other.close().await;
    copy.assert_nothing_left().await;
    copy.close().await;
}
