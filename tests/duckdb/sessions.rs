//! Sessions: one open database per file, turns to write, interrupts, a clean close.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use windlass::domain::failure::{FailureClass, Side};
use windlass::duckdb::{
    DuckDbErrorKind, DuckDbFile, DuckDbSession, EXPECTED_VERSION, OpenMode, check_version, library_version,
};

use super::process::Other;

/// A statement that runs for minutes unless it is interrupted.
const ENDLESS: &str = "select sum(a.range * b.range) from range(100000000) a, range(100000) b";

fn file_in(folder: &TempDir, name: &str) -> DuckDbFile {
    DuckDbFile::new(folder.path().join(name))
}

fn never() -> CancellationToken {
    CancellationToken::new()
}

async fn run(session: &DuckDbSession, statements: &'static str) {
    session.run(&never(), "testing", move |connection| connection.execute_batch(statements)).await.unwrap();
}

async fn number(session: &DuckDbSession, query: &'static str) -> i64 {
    session.run(&never(), "testing", move |connection| connection.query_row(query, [], |row| row.get(0))).await.unwrap()
}

fn log_of(path: &Path) -> std::path::PathBuf {
    path.with_file_name(format!("{}.wal", path.file_name().unwrap().to_str().unwrap()))
}

#[test]
fn the_library_is_the_version_that_windlass_is_built_for() {
    assert_eq!(library_version().unwrap(), EXPECTED_VERSION);
    check_version().unwrap();
}

#[tokio::test]
async fn sessions_of_one_file_share_it_and_the_last_one_out_closes_it() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(folder.path(), folder.path().join("link")).unwrap();
    let file = file_in(&folder, "시장 data.db");
    let first = file.open(OpenMode::ReadWrite).await.unwrap();
    assert_eq!(first.database_name(), "시장 data");
    let second = file_in(&folder, "link/시장 data.db").open(OpenMode::ReadWrite).await.unwrap();
    run(&first, "create table t as select range from range(3)").await;
    // An appender finds the table as a statement does.
    let append = |connection: &duckdb::Connection| {
        let mut appender = connection.appender("t")?;
        appender.append_row([3])?;
        appender.flush()
    };
    second.run(&never(), "appending", append).await.unwrap();
    assert_eq!(number(&first, "select count(*) from \"시장 data\".main.t").await, 4);

    let path = file.path().to_str().unwrap();
    assert!(Other::start("hold", &[path, "read"]).hear().contains("Conflicting lock is held"));
    first.close().await.unwrap();
    assert!(Other::start("hold", &[path, "read"]).hear().contains("Conflicting lock is held"));
    second.close().await.unwrap();
    assert!(!log_of(file.path()).exists(), "everything is in the file itself");
    assert_eq!(Other::start("hold", &[path, "write"]).hear(), "open");
}

#[tokio::test]
async fn a_new_file_has_the_storage_version_that_knows_its_log_and_an_old_one_keeps_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let version = "select count(*) from duckdb_databases() where tags['storage_version'] = ";
    let new = file_in(&folder, "memory.db").open(OpenMode::ReadWrite).await.unwrap();
    assert_eq!(new.database_name(), "memory_db");
    assert_eq!(number(&new, Box::leak(format!("{version}'v1.4.0+'").into_boxed_str())).await, 1);
    new.close().await.unwrap();
    let file = file_in(&folder, "old.db");
    duckdb::Connection::open(file.path()).unwrap().execute_batch("create table t (i int)").unwrap();
    let old = file.open(OpenMode::ReadWrite).await.unwrap();
    run(&old, "insert into t values (1)").await;
    assert_eq!(number(&old, Box::leak(format!("{version}'v1.0.0+'").into_boxed_str())).await, 1);
    old.close().await.unwrap();
}

#[tokio::test]
async fn a_writer_waits_for_readers_of_this_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = file_in(&folder, "a.db");
    file.open(OpenMode::ReadWrite).await.unwrap().close().await.unwrap();
    let reader = file.open(OpenMode::ReadOnly).await.unwrap();
    let also = file.open(OpenMode::ReadOnly).await.unwrap();
    let writer = file.open(OpenMode::ReadWrite);
    tokio::pin!(writer);
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut writer).await.is_err());
    reader.close().await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut writer).await.is_err());
    also.close().await.unwrap();
    let writer = tokio::time::timeout(Duration::from_mins(1), writer).await.unwrap().unwrap();
    run(&writer, "create table t (i int)").await;
    writer.close().await.unwrap();
}

#[tokio::test]
async fn transactions_that_write_take_turns_and_one_that_is_dropped_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = file_in(&folder, "a.db");
    let (first, second) =
        (file.open(OpenMode::ReadWrite).await.unwrap(), file.open(OpenMode::ReadWrite).await.unwrap());
    run(&first, "create table t (i int)").await;
    let transaction = first.begin(&never()).await.unwrap();
    transaction
        .run(&never(), "testing", |c| c.execute_batch("update t set i = 2; insert into t values (1)"))
        .await
        .unwrap();
    let stop = CancellationToken::new();
    let waiting = second.begin(&stop);
    let mut waiting = Box::pin(waiting);
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut waiting).await.is_err());
    drop(transaction);
    let transaction = waiting.await.unwrap();
    transaction.run(&never(), "testing", |c| c.execute_batch("insert into t values (7)")).await.unwrap();
    stop.cancel();
    let error = first.begin(&stop).await.unwrap_err();
    assert_eq!(error.kind, DuckDbErrorKind::Stopped);
    transaction.commit().await.unwrap();
    assert_eq!(number(&first, "select count(*) * 100 + sum(i) from t").await, 107);
    first.close().await.unwrap();
    second.close().await.unwrap();
}

#[tokio::test]
async fn a_stop_interrupts_the_statement_and_the_session_still_works() {
    let folder = tempfile::tempdir().unwrap();
    let session = file_in(&folder, "a.db").open(OpenMode::ReadWrite).await.unwrap();
    let stop = CancellationToken::new();
    let begun = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&begun);
    let work = session.run(&stop, "counting", move |connection| {
        seen.store(true, Ordering::SeqCst);
        connection.execute_batch(ENDLESS)
    });
    // Fires at once and not when the statement is known to run: an early interrupt must not get lost.
    let (result, ()) = tokio::join!(work, async { stop.cancel() });
    let failure = result.unwrap_err().on(Side::Target);
    assert_eq!(failure.class, FailureClass::Cancelled);
    assert_eq!(number(&session, "select 42").await, 42);
    session.close().await.unwrap();
}

#[tokio::test]
async fn work_whose_future_is_dropped_is_interrupted_and_gives_the_file_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = file_in(&folder, "a.db");
    let session = file.open(OpenMode::ReadWrite).await.unwrap();
    let (begun, wait) = tokio::sync::oneshot::channel();
    let never = never();
    {
        let work = session.run(&never, "counting", move |connection| {
            begun.send(()).unwrap();
            connection.execute_batch(ENDLESS)
        });
        tokio::select! {
            _ = work => panic!("the statement ended"),
            begun = wait => begun.unwrap(),
        }
    }
    let before = Instant::now();
    session.close().await.unwrap();
    // Opened for reading, which is possible only once the writer is gone.
    let path = file.path().to_str().unwrap();
    loop {
        let answer = Other::start("hold", &[path, "read"]).hear();
        if answer == "open" {
            break;
        }
        assert!(answer.contains("Conflicting lock") && before.elapsed() < Duration::from_mins(1), "{answer}");
    }
}

#[tokio::test]
#[should_panic(expected = "a defect")]
async fn a_panic_in_the_work_is_a_panic_of_the_step() {
    let folder = tempfile::tempdir().unwrap();
    let session = file_in(&folder, "a.db").open(OpenMode::ReadWrite).await.unwrap();
    let defect = |_: &duckdb::Connection| -> Result<(), duckdb::Error> { panic!("a defect") };
    session.run(&never(), "testing", defect).await.unwrap();
}

#[tokio::test]
async fn memory_is_kept_low_only_while_that_is_enough_for_all_sessions_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = file_in(&folder, "a.db");
    let limits = async |session: &DuckDbSession| {
        let ask = |connection: &duckdb::Connection| {
            let query = "select current_setting('memory_limit'), current_setting('max_vacuum_tasks')::bigint";
            connection.query_row(query, [], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))
        };
        session.run(&never(), "testing", ask).await.unwrap()
    };
    let loading = file.open(OpenMode::ReadWrite).await.unwrap();
    let all = limits(&loading).await;
    loading.get_along_with(Some(200 << 20)).await;
    let low = limits(&loading).await;
    assert_eq!(low, ("200.0 MiB".to_owned(), 4));
    let also_loading = file.open(OpenMode::ReadWrite).await.unwrap();
    assert_eq!(limits(&loading).await, all, "nothing is known of the other yet");
    also_loading.get_along_with(Some(250 << 20)).await;
    assert_eq!(limits(&loading).await.0, "250.0 MiB");
    let greedy = file.open(OpenMode::ReadWrite).await.unwrap();
    run(&greedy, "set memory_limit = '1GiB'").await;
    also_loading.close().await.unwrap();
    assert_eq!(limits(&loading).await, ("1.0 GiB".to_owned(), all.1), "what a user sets stays while it is in use");
    greedy.close().await.unwrap();
    assert_eq!(limits(&loading).await, low);
    loading.get_along_with(None).await;
    assert_eq!(limits(&loading).await, all);
    loading.close().await.unwrap();
}
