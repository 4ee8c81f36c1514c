//! Job files: what is wrong with them, as it is printed, and what comes of right ones.

mod invalid;
mod settings;
mod shipped;
mod valid;

use std::collections::{BTreeMap, BTreeSet};

use windlass::spec::{ConnectionKind, Known};

/// A folder of this crate.
fn folder(path: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Two PostgreSQL connections, a DuckDB one, an environment variable, a fixed time.
fn known() -> Known {
    let connections = [
        ("source", ConnectionKind::Postgres),
        ("warehouse", ConnectionKind::Postgres),
        ("market", ConnectionKind::DuckDb),
    ];
    Known {
        now: "2026-11-20T06:00:00Z".parse().unwrap(),
        connections: Some(
            connections.map(|(name, kind)| (name.to_owned(), kind)).into_iter().collect::<BTreeMap<_, _>>(),
        ),
        env: Some(BTreeSet::from(["API_TOKEN".to_owned()])),
    }
}

/// Holds what `show` says of each YAML file of a folder against the snapshot beside it; how many there were.
fn each_fixture(place: &str, show: impl Fn(&std::path::Path) -> String) -> usize {
    let mut paths: Vec<_> = std::fs::read_dir(folder(place)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    paths.sort();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder(place));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(&folder("").to_str().unwrap().replace('.', "\\."), "");
    settings.bind(|| {
        for path in &paths {
            insta::assert_snapshot!(path.file_stem().unwrap().to_str().unwrap(), show(path));
        }
    });
    paths.len()
}
