//! Sessions end on the server, whatever they are doing.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use windlass::domain::code::Code;
use windlass::domain::failure::Side;
use windlass::postgres::{Marks, Server, Session, sweep};

use crate::support::host::PATIENCE;
use crate::support::{TestDatabase, server};

/// Whether a session of that name is on the server, once `wanted` or after a long time.
async fn wait_for(observer: &Session, name: &str, wanted: &str) {
    let sql = "select coalesce(max(state), 'gone') from pg_stat_activity where application_name = $1 and state <> 'x'";
    let seen = async {
        loop {
            let row = observer.query_one(sql, &[&name], "looking").await.unwrap();
            if row.get::<_, String>(0) == wanted {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, seen).await.unwrap_or_else(|_| panic!("`{name}` should be {wanted}"));
}

async fn count(observer: &Session, name: &str) -> i64 {
    let sql = "select count(*) from pg_stat_activity where application_name = $1";
    observer.query_one(sql, &[&name], "counting").await.unwrap().get(0)
}

async fn pair() -> (TestDatabase, Server, Session) {
    let database = server().database().await;
    let server = database.server();
    let observer = server.connect("observer").await.unwrap();
    (database, server, observer)
}

#[tokio::test]
async fn a_stopped_session_is_gone_with_its_statement() {
    let (database, server, observer) = pair().await;
    let session = server.connect("stop/1").await.unwrap();
    {
        let work = session.execute("select pg_sleep(600)", "sleeping");
        tokio::select! {
            _ = work => panic!("it should sleep"),
            () = wait_for(&observer, "stop/1", "active") => {}
        }
    }
    session.stop().await.unwrap();
    assert_eq!(count(&observer, "stop/1").await, 0);
    database.close().await;
}

#[tokio::test]
async fn a_session_that_does_not_heed_a_cancel_is_terminated() {
    let (database, server, observer) = pair().await;
    let session = server.connect("stubborn/1").await.unwrap();
    let stubborn = "do $$ begin loop begin perform pg_sleep(600); exception when query_canceled then null; end; \
                    end loop; end $$";
    {
        let work = session.execute(stubborn, "looping");
        tokio::select! {
            _ = work => panic!("it should loop"),
            () = wait_for(&observer, "stubborn/1", "active") => {}
        }
    }
    session.stop().await.unwrap();
    assert_eq!(count(&observer, "stubborn/1").await, 0);
    database.close().await;
}

#[tokio::test]
async fn a_transaction_left_open_is_rolled_back_by_a_stop() {
    let (database, server, observer) = pair().await;
    let session = server.connect("idle/1").await.unwrap();
    session.execute("begin; create table half (a int)", "half").await.unwrap();
    session.stop().await.unwrap();
    let row = observer.query_one("select to_regclass('half') is null", &[], "looking").await.unwrap();
    assert!(row.get::<_, bool>(0));
    database.close().await;
}

#[tokio::test]
async fn work_is_cancelled_on_the_server_when_the_stop_fires() {
    let (database, server, observer) = pair().await;
    let session = server.connect("until/1").await.unwrap();
    let stop = CancellationToken::new();
    let work = session.execute("select pg_sleep(600)", "sleeping");
    let stopping = async {
        wait_for(&observer, "until/1", "active").await;
        stop.cancel();
    };
    let (outcome, ()) = tokio::join!(session.run_until(&stop, Side::Target, work), stopping);
    assert_eq!(outcome.unwrap_err().code, Code::Cancelled);
    wait_for(&observer, "until/1", "idle").await;
    assert_eq!(session.execute("select 1", "asking").await.unwrap(), 1, "the session lives on");
    session.close().await;
    database.close().await;
}

#[tokio::test]
async fn a_sweep_ends_what_other_attempts_left_and_spares_its_own() {
    let (database, server, observer) = pair().await;
    let theirs = server.connect("windlass/r/0/1/target").await.unwrap();
    let others = server.connect("windlass/r/00/1/target").await.unwrap();
    let ours = server.connect("windlass/r/0/2/target").await.unwrap();
    theirs
        .execute("create table windlass_r_0_1_0 (a int); create table \"windlass_r_00_1_0\" (a int)", "")
        .await
        .unwrap();
    theirs.execute("begin; insert into windlass_r_0_1_0 values (1)", "holding a lock").await.unwrap();
    let marks = Marks { step: "windlass/r/0/", attempt: "windlass/r/0/2/", hidden: "windlass_r_0_" };
    let swept = tokio::time::timeout(Duration::from_mins(1), sweep(&ours, marks)).await.unwrap().unwrap();
    assert_eq!(swept.sessions, ["windlass/r/0/1/target"]);
    assert_eq!(swept.tables, ["\"public\".\"windlass_r_0_1_0\""]);
    assert_eq!(count(&observer, "windlass/r/0/1/target").await, 0);
    others.execute("select 1 from \"windlass_r_00_1_0\"", "still there").await.unwrap();
    tokio::join!(others.close(), ours.close());
    database.close().await;
}
