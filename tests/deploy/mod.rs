//! What stands in `deploy/` works: checked by the tools that it is for, and at work where they can be had.

mod alerts;
mod compose;
mod dashboard;
mod kubernetes;
mod privileges;
mod restore;
mod rules;
mod systemd;
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

/// A YAML file of one document.
fn yaml(name: &str) -> serde_json::Value {
    serde_yaml::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A program that knows schemas; `None`, with the reason printed, where it isn't here (`scripts/test` sees to it).
fn validator(name: &str) -> Option<PathBuf> {
    let found =
        std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(name)).find(|it| it.is_file());
    if found.is_none() {
        crate::support::skipped(&format!("{name} (Python package of that name) is not on PATH"));
    }
    found
}
