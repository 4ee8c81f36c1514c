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
const MEMORY_SHARE: f64 = 0.25;

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
        .with("custom_user_agent", "windlass")?;
    let connection = Connection::open_in_memory_with_flags(config)?;
    if let Some(limit) = memory_limit(&connection)? {
        connection.execute_batch(&format!("set memory_limit = {}", literal(&limit)))?;
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
pub(super) fn spill_folder(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    PathBuf::from(name)
}

/// Half of the cores, at least two if there are two: other steps and a PostgreSQL server work beside us.
fn threads() -> i64 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    i64::try_from(cores.div_ceil(2).max(2).min(cores)).unwrap_or(1)
}

/// Our share of the limit that DuckDB chose, which knows about control groups. Found once, as DuckDB writes it.
fn memory_limit(connection: &Connection) -> duckdb::Result<Option<String>> {
    static LIMIT: OnceLock<Option<String>> = OnceLock::new();
    if let Some(limit) = LIMIT.get() {
        return Ok(limit.clone());
    }
    let chosen: String = connection.query_row("select current_setting('memory_limit')", [], |row| row.get(0))?;
    let share = chosen.split_once(' ').and_then(|(number, unit)| {
        let number: f64 = number.parse().ok()?;
        Some(format!("{:.2}{unit}", number * MEMORY_SHARE))
    });
    Ok(LIMIT.get_or_init(|| share).clone())
}
