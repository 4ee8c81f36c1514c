//! What is known of a published replica, and written down beside it: its manifest.
//!
//! ```text
//!  stock.db                      the replica: what readers open
//!  stock.db.json                 its manifest: what readers look at to notice a new one
//!  stock.db.generations/41.db    each generation's file; the published one is the same file as `stock.db`
//!  stock.db.generations/41.json  each generation's manifest
//! ```
//!
//! A generation's file never changes once it is there, and the manifest is put in place last. So whoever reads the
//! manifest finds the file that it names, whole, and behind the replica's own name that generation or a newer one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::RunId;

/// The version of the manifest's form. Readers must take notice of it; keys may be added without a change of it.
pub const MANIFEST_VERSION: u32 = 1;

/// The manifest of one generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this form: `MANIFEST_VERSION`.
    pub version: u32,
    /// The generation, counted from one. A number is never given twice, also after a rollback.
    pub generation: u64,
    /// When the generation was made.
    pub made_at: DateTime<Utc>,
    /// When it was put in the replica's place; later than `made_at` after a rollback.
    pub published_at: DateTime<Utc>,
    /// Its file, relative to the folder that the manifest of the replica stands in.
    pub file: String,
    /// The file's size.
    pub bytes: u64,
    /// The file's SHA-256 in lowercase hexadecimal digits.
    pub sha256: String,
    /// The connection that it was made from.
    pub source: String,
    /// How it was made: `copy` or `compact`.
    pub method: String,
    /// Rows of all tables.
    pub rows: u64,
    /// Its tables.
    pub tables: Vec<ManifestTable>,
    /// The version of DuckDB that made the file.
    pub duckdb_version: String,
    /// The file's storage version.
    pub storage_version: String,
    /// The job that published it.
    pub job: String,
    /// The run.
    pub run: RunId,
    /// The step.
    pub step: String,
    /// The generation that stood in the replica's place when this one was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<u64>,
    /// The generation that was published before somebody went back to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back_from: Option<u64>,
}

/// One table of a generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestTable {
    /// Its schema; `main` unless said otherwise.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: u64,
}
