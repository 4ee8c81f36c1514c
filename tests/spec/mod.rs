//! Job files: what is wrong with them, as it is printed, and what comes of right ones.

mod invalid;
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
        connections: Some(connections.map(|(name, kind)| (name.to_owned(), kind)).into_iter().collect::<BTreeMap<_, _>>()),
        env: Some(BTreeSet::from(["API_TOKEN".to_owned()])),
    }
}
