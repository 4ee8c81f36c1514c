//! Python with DuckDB, and DuckDB's own shell, as readers of replicas have them.
//!
//! `scripts/python-duckdb` puts them into `lib/python-duckdb-1.5.6`; where they are not, the tests that need them say so
//! and pass.

use std::path::{Path, PathBuf};

use super::skipped;

/// The version that Windlass has, and the newest.
const VERSIONS: [&str; 2] = ["1.5.6", "2.0.0"];

/// A Python with the DuckDB that Windlass has; `None`, with the reason printed, where it isn't here.
pub(crate) fn python_with_duckdb() -> Option<PathBuf> {
    program(VERSIONS[0], "python")
}

/// A Python for each version of DuckDB that readers are tested with.
pub(crate) fn pythons_with_duckdb() -> Vec<PathBuf> {
    VERSIONS.iter().filter_map(|version| program(version, "python")).collect()
}

/// DuckDB's shell.
pub(crate) fn shell_of_duckdb() -> Option<PathBuf> {
    program(VERSIONS[0], "duckdb")
}

fn program(version: &str, name: &str) -> Option<PathBuf> {
    let path = format!("lib/python-duckdb-{version}/bin/{name}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if !path.exists() {
        skipped(&format!("{name} of DuckDB {version} is not here; `scripts/python-duckdb {version}` fetches it"));
        return None;
    }
    Some(path)
}
