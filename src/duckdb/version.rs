//! The version of the DuckDB library that is in use.

use super::error::{DuckDbError, DuckDbErrorKind};

/// The version that Windlass is built and tested with.
pub const EXPECTED_VERSION: &str = "v1.5.6";

/// The version of the library that this process found, for example `v1.5.6`.
pub fn library_version() -> Result<String, DuckDbError> {
    let doing = "asking the DuckDB library for its version";
    duckdb::Connection::open_in_memory()
        .and_then(|connection| connection.version())
        .map_err(|error| DuckDbError::opening(doing, &error))
}

/// Refuses a library of another version: the C interface is linked by name only, so a wrong one would load.
pub fn check_version() -> Result<(), DuckDbError> {
    let found = library_version()?;
    if found == EXPECTED_VERSION {
        return Ok(());
    }
    Err(DuckDbError {
        doing: "checking the DuckDB library".to_owned(),
        message: format!("found {found}, but Windlass is built for {EXPECTED_VERSION}"),
        kind: DuckDbErrorKind::Version,
    })
}
