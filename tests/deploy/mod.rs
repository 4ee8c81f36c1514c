//! What stands in `deploy/` works: checked by the tools that it is for, and at work where they can be had.

mod alerts;
mod dashboard;
mod rules;
mod world;

use std::path::{Path, PathBuf};

/// A file of the repository.
fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Its text.
fn text(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}
