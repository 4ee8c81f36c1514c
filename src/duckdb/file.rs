//! A DuckDB file that steps may open.

use std::path::PathBuf;

/// A DuckDB file. Cheap to clone; open only while a step uses it.
#[derive(Clone, Debug)]
pub struct DuckDbFile {
    path: PathBuf,
}

impl DuckDbFile {
    /// The file at that path; it need not exist yet.
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Its path.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }
}
