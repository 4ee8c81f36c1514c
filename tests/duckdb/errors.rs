//! DuckDB has no error codes: each kind of error is provoked here from the library itself.

use tokio_util::sync::CancellationToken;
use windlass::domain::code::Code;
use windlass::domain::failure::{Failure, FailureClass, Side};
use windlass::duckdb::{DuckDbFile, OpenMode};

use super::process::{Other, Place};

async fn open(path: &std::path::Path, mode: OpenMode) -> Failure {
    DuckDbFile::new(path.to_path_buf()).open(mode).await.unwrap_err().on(Side::Target)
}

/// What a statement on a new file fails with.
async fn statement(sql: &'static str) -> Failure {
    let folder = tempfile::tempdir().unwrap();
    let session = DuckDbFile::new(folder.path().join("a.db")).open(OpenMode::ReadWrite).await.unwrap();
    let stop = CancellationToken::new();
    let result = session.run(&stop, "running statements", move |connection| connection.execute_batch(sql)).await;
    session.close().await.unwrap();
    result.unwrap_err().on(Side::Target)
}

#[tokio::test]
async fn a_file_that_another_process_has_open_is_a_transient_failure_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mut other = Other::start("hold", &[path.to_str().unwrap(), "write"]);
    assert_eq!(other.hear(), "open");
    for mode in [OpenMode::ReadWrite, OpenMode::ReadOnly] {
        let failure = open(&path, mode).await;
        assert_eq!((failure.code, failure.class), (Code::DuckDbLocked, FailureClass::Transient), "{failure}");
        assert!(failure.message.contains(&format!("(PID {})", other.id())), "{failure}");
        assert!(failure.message.contains("opening") && failure.hint.is_some(), "{failure}");
    }
    assert_eq!(other.end(), "closed");
    DuckDbFile::new(path).open(OpenMode::ReadWrite).await.unwrap().close().await.unwrap();
}

#[tokio::test]
async fn a_path_that_cannot_be_opened_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let missing = open(&folder.path().join("missing.db"), OpenMode::ReadOnly).await;
    assert_eq!((missing.code, missing.class), (Code::DuckDbOpen, FailureClass::Permanent), "{missing}");
    assert!(missing.message.contains("does not exist"), "{missing}");
    let no_folder = open(&folder.path().join("no/a.db"), OpenMode::ReadWrite).await;
    assert_eq!(no_folder.code, Code::DuckDbOpen, "{no_folder}");
    let directory = open(folder.path(), OpenMode::ReadWrite).await;
    assert_eq!(directory.code, Code::DuckDbOpen, "{directory}");
    assert!(directory.message.contains("directory"), "{directory}");
}

#[tokio::test]
async fn a_file_that_is_none_or_damaged_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.db");
    std::fs::write(&text, "symbol,price\n".repeat(2000)).unwrap();
    for mode in [OpenMode::ReadWrite, OpenMode::ReadOnly] {
        let failure = open(&text, mode).await;
        assert_eq!((failure.code, failure.class), (Code::DuckDbDamaged, FailureClass::Permanent), "{failure}");
    }

    let damaged = folder.path().join("damaged.db");
    let table = "create table t as select range i, random() r from range(200000)";
    duckdb::Connection::open(&damaged).unwrap().execute_batch(table).unwrap();
    let mut bytes = std::fs::read(&damaged).unwrap();
    bytes.iter_mut().skip(16384).step_by(50_000).for_each(|byte| *byte ^= 0xff);
    std::fs::write(&damaged, bytes).unwrap();
    let failure = open(&damaged, OpenMode::ReadOnly).await;
    assert_eq!(failure.code, Code::DuckDbDamaged, "{failure}");
}

#[tokio::test]
async fn a_log_of_another_file_is_refused_not_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let (master, foreign) = (folder.path().join("a.db"), folder.path().join("b.db"));
    for path in [&master, &foreign] {
        let session = DuckDbFile::new(path.clone()).open(OpenMode::ReadWrite).await.unwrap();
        let stop = CancellationToken::new();
        session.run(&stop, "testing", |c| c.execute_batch("create table t (i int)")).await.unwrap();
        session.close().await.unwrap();
    }
    let mut crashed = Other::start("statements", &[foreign.to_str().unwrap(), "insert into t values (1)"]);
    assert_eq!(crashed.hear(), "done");
    crashed.kill();
    std::fs::rename(folder.path().join("b.db.wal"), folder.path().join("a.db.wal")).unwrap();
    let failure = open(&master, OpenMode::ReadOnly).await;
    assert_eq!(failure.code, Code::DuckDbDamaged, "{failure}");
}

#[tokio::test]
async fn a_statement_that_fails_carries_duckdbs_own_words() {
    for (sql, words) in [
        ("select * from missing_table", "Catalog Error: Table with name missing_table does not exist"),
        ("selec 1", "Parser Error: syntax error"),
        ("create table t (i int primary key); insert into t values (1), (1)", "Constraint Error: PRIMARY KEY"),
        ("select cast('x' as int)", "Conversion Error"),
        ("from read_csv('/nonexistent/file.csv')", "IO Error: No files found"),
        ("from read_parquet('https://localhost/x.parquet')", "httpfs"),
        ("load spatial", "spatial"),
    ] {
        let failure = statement(sql).await;
        assert_eq!((failure.code, failure.class), (Code::DuckDbStatement, FailureClass::Permanent), "{sql}: {failure}");
        assert!(failure.message.starts_with("running statements: "), "{failure}");
        assert!(failure.message.contains(words), "{sql}: {failure}");
    }
}

#[tokio::test]
async fn an_error_that_quotes_a_long_line_is_cut_in_its_middle() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("긴.csv");
    std::fs::write(&path, format!("i\n{}\n", "가".repeat(500_000))).unwrap();
    let session = DuckDbFile::new(folder.path().join("a.db")).open(OpenMode::ReadWrite).await.unwrap();
    let query = format!("from read_csv('{}', columns = {{i: 'INT'}})", path.display());
    let stop = CancellationToken::new();
    let error = session.run(&stop, "reading", move |connection| connection.execute_batch(&query)).await.unwrap_err();
    assert!(error.message.len() < 3100, "{}", error.message.len());
    assert!(error.message.starts_with("Conversion Error") && error.message.contains(" … "), "{error}");
    session.close().await.unwrap();
}

#[tokio::test]
async fn too_little_memory_has_a_hint_and_a_conflict_is_tried_again() {
    let memory = "set memory_limit = '20MB'; set max_temp_directory_size = '0MB'; set threads = 1;
        create temp table t as select range i, md5(range::varchar) m, md5((range + 1)::varchar) n from range(2000000);";
    let failure = statement(memory).await;
    assert!(failure.hint.is_some(), "{failure}");
    assert!(matches!(failure.code, Code::DuckDbStatement | Code::DiskFull), "{failure}");

    let folder = tempfile::tempdir().unwrap();
    let file = DuckDbFile::new(folder.path().join("a.db"));
    let (one, two) = (file.open(OpenMode::ReadWrite).await.unwrap(), file.open(OpenMode::ReadWrite).await.unwrap());
    let stop = CancellationToken::new();
    one.run(&stop, "testing", |c| c.execute_batch("create table t as select 1 i; begin; update t set i = 2"))
        .await
        .unwrap();
    let conflict = two.run(&stop, "updating", |c| c.execute_batch("update t set i = 3")).await.unwrap_err();
    let failure = conflict.on(Side::Target);
    assert_eq!((failure.code, failure.class), (Code::DuckDbStatement, FailureClass::Transient), "{failure}");
    one.close().await.unwrap();
    two.close().await.unwrap();
}

#[test]
fn a_full_disk_is_told_apart_from_a_wrong_statement() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk");
    std::fs::create_dir(&path).unwrap();
    let file = path.join("a.db");
    let fill = "create table t as select range i, random() r from range(3000000)";
    let arguments = [file.to_str().unwrap(), fill];
    let root = nix::unistd::Uid::effective().is_root();
    let place = if root { Place::SmallDisk(path, 4096) } else { Place::SmallFiles(8192) };
    let failure: Failure = serde_json::from_str(&Other::start_in(place, "session", &arguments).hear()).unwrap();
    assert_eq!((failure.code, failure.class), (Code::DiskFull, FailureClass::Transient), "{failure}");
}
