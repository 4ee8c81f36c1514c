//! What stands in `deploy/` works: checked by the tools that it is for, and at work where they can be had.

mod alerts;
mod compose;
mod dashboard;
mod documents;
mod kubernetes;
mod machines;
mod package;
mod privileges;
mod restore;
mod rules;
mod systemd;
mod world;

use std::path::{Path, PathBuf};

use crate::cli::folder::Folder;
use crate::support::programs::program;

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

/// A program that knows schemas; `None`, with the reason printed, where it isn't here.
fn validator(name: &str) -> Option<PathBuf> {
    program(name, "Python package of that name")
}

/// Writes settings with this state database, this address to listen on, and connections to PostgreSQL by name.
fn write_settings(folder: &Folder, state: &str, listen: &str, connections: &[(&str, &str)]) {
    let mut settings = format!(
        "data_dir: data\nstate: {{postgres: {{url: \"{state}\"}}}}\nhttp: {{listen: \"{listen}\"}}\nconnections:\n"
    );
    settings.extend(connections.iter().map(|(name, url)| format!("  {name}: {{postgres: {{url: \"{url}\"}}}}\n")));
    folder.write("windlass.yaml", &settings);
}

/// An address that is free when somebody listens there.
const ANYWHERE: &str = "127.0.0.1:0";
