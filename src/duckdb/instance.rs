//! One DuckDB instance: in memory, with our settings, to which files are attached.
//!
//! Files are attached to an instance in memory, never opened as its main database. A failed checkpoint then spoils the
//! attached file alone, a file that is open for reading can be copied into a new one (an instance opened read-only
//! refuses to attach anything for writing), and a file that is new gets the storage version that we choose.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use duckdb::{Config, Connection};

use super::file::OpenMode;
use super::ident::{literal, quoted};

/// Storage version of files that Windlass makes. The oldest that ties a write-ahead log to its file, so that a stale
/// log is refused instead of replayed; DuckDB 1.4 and later read it.
const NEW_FILE_STORAGE: &str = "v1.4.0";

/// DuckDB would take 80 % of the memory for each instance. A quarter of that leaves room for a few files at once, for
/// PostgreSQL on the same machine and for readers; what doesn't fit is spilled to disk.
const MEMORY_SHARE: u64 = 4;

/// DuckDB's allocator keeps memory that was freed for the thread that freed it, by default up to 128 MiB and up to 512 MiB
/// where much is freed at once. On top of a limit of a few hundred that would be twice as much.
const GIVEN_BACK_FROM: &str = "16MiB";

/// Small groups of rows that a checkpoint puts together where memory is to be saved. DuckDB would rewrite up to 100 times
/// three groups at once, which after a load is all of the table: twice the time, twice the file and all of it in memory.
/// What is left for the next time is as readable as before.
const MODEST_MERGES: u32 = 4;

/// Opens an instance in memory that spills into `spill`.
///
/// Extensions are neither fetched nor loaded by themselves: a statement that names an unknown function must not bring
/// code from the internet into a daemon.
pub(super) fn open(spill: &Path) -> duckdb::Result<Connection> {
    let spill = spill.to_str().ok_or_else(|| duckdb::Error::InvalidPath(spill.to_path_buf()))?;
    let config = Config::default()
        .enable_autoload_extension(false)?
        .threads(threads())?
        .with("temp_directory", spill)?
        .with("allocator_flush_threshold", GIVEN_BACK_FROM)?
        .with("allocator_bulk_deallocation_flush_threshold", GIVEN_BACK_FROM)?
        .with("custom_user_agent", "windlass")?;
    let connection = Connection::open_in_memory_with_flags(config)?;
    if let Some(share) = memory_share(&connection)? {
        set_memory_limit(&connection, share)?;
    }
    Ok(connection)
}

/// Attaches a file, makes it the default database of this connection and returns its name.
pub(super) fn attach(connection: &Connection, path: &Path, mode: OpenMode) -> duckdb::Result<String> {
    let text = path.to_str().ok_or_else(|| duckdb::Error::InvalidPath(path.to_path_buf()))?;
    // Statements may name the database as other programs do, so DuckDB derives its name from the file's. An instance
    // in memory has taken one name already.
    let alias = if path.file_stem().is_some_and(|stem| stem == "memory") { "as memory_db" } else { "" };
    let options = match mode {
        OpenMode::ReadOnly => "read_only".to_owned(),
        // The option would raise the version of a file that exists.
        OpenMode::ReadWrite if path.exists() => "read_write".to_owned(),
        OpenMode::ReadWrite => format!("read_write, storage_version {}", literal(NEW_FILE_STORAGE)),
    };
    connection.execute_batch(&format!("attach {} {alias} ({options})", literal(text)))?;
    let name: String = connection.query_row(
        "select database_name from duckdb_databases() where not internal and path is not null",
        [],
        |row| row.get(0),
    )?;
    connection.execute_batch(&format!("use {}", quoted(&name)))?;
    Ok(name)
}

/// Where an instance for that file spills: where DuckDB itself would.
pub fn spill_folder(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    PathBuf::from(name)
}

/// Half of the cores, at least two if there are two: other steps and a PostgreSQL server work beside us.
fn threads() -> i64 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    i64::try_from(cores.div_ceil(2).max(2).min(cores)).unwrap_or(1)
}

/// Lowers the memory limit of an instance to so many bytes; one that is lower already stays.
pub(super) fn limit_memory(connection: &Connection, bytes: u64) -> duckdb::Result<()> {
    if memory_limit(connection)?.is_some_and(|limit| limit <= bytes) {
        return Ok(());
    }
    set_memory_limit(connection, bytes)
}

/// Makes an instance get along with so many bytes, or with its share if that is less or nothing is said.
///
/// What is in use by then stays in use, so a limit may be lowered in vain.
pub(super) fn suit(connection: &Connection, bytes: Option<u64>) -> duckdb::Result<()> {
    let Some(share) = memory_share(connection)? else { return Ok(()) };
    match bytes {
        Some(_) => connection.execute_batch(&format!("set max_vacuum_tasks = {MODEST_MERGES}"))?,
        None => connection.execute_batch("reset max_vacuum_tasks")?,
    }
    set_memory_limit(connection, bytes.map_or(share, |bytes| bytes.min(share)))
}

/// A size as DuckDB writes it: `4.7 GiB`.
fn in_bytes(text: &str) -> Option<u64> {
    let (number, unit) = text.split_once(' ')?;
    let power = ["bytes", "KiB", "MiB", "GiB", "TiB"].iter().position(|known| *known == unit)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size, never negative")]
    let size = |number: f64| (number * 1024_f64.powi(i32::try_from(power).unwrap_or(0))) as u64;
    number.parse::<f64>().ok().map(size)
}

/// Our share, in bytes, of the limit that DuckDB chose, which knows about control groups. Found once.
fn memory_share(connection: &Connection) -> duckdb::Result<Option<u64>> {
    static SHARE: OnceLock<Option<u64>> = OnceLock::new();
    if let Some(share) = SHARE.get() {
        return Ok(*share);
    }
    let share = memory_limit(connection)?.map(|limit| limit / MEMORY_SHARE);
    Ok(*SHARE.get_or_init(|| share))
}

/// The limit that the instance has, if it can be read.
fn memory_limit(connection: &Connection) -> duckdb::Result<Option<u64>> {
    let limit: String = connection.query_row("select current_setting('memory_limit')", [], |row| row.get(0))?;
    Ok(in_bytes(&limit))
}

fn set_memory_limit(connection: &Connection, bytes: u64) -> duckdb::Result<()> {
    connection.execute_batch(&format!("set memory_limit = '{bytes}B'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_limit_is_lowered_and_never_raised() {
        let connection = Connection::open_in_memory().unwrap();
        let limit = || connection.query_row("select current_setting('memory_limit')", [], |row| row.get(0)).unwrap();
        limit_memory(&connection, 256 << 20).unwrap();
        let lowered: String = limit();
        assert_eq!((lowered.as_str(), in_bytes(&lowered)), ("256.0 MiB", Some(256 << 20)));
        limit_memory(&connection, 512 << 20).unwrap();
        assert_eq!(lowered, limit());
    }
}
