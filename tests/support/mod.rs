//! What tests of several areas share: real servers, and nothing that stands in for one.

pub(crate) mod azure_server;
mod database;
pub(crate) mod flags;
pub(crate) mod host;
mod keeper;
pub(crate) mod object_server;
mod private_server;
mod processes;
pub(crate) mod programs;
pub(crate) mod prometheus;
mod python;
mod server;
mod small_disk;
mod versions;

pub(crate) use database::TestDatabase;
pub(crate) use keeper::Keeper;
pub(crate) use private_server::PrivateServer;
pub(crate) use processes::processes_naming;
pub(crate) use python::{python_with_duckdb, pythons_with_duckdb, shell_of_duckdb};
pub(crate) use server::{TestServer, server};
pub(crate) use small_disk::SmallDisk;
pub(crate) use versions::{server_of, servers};

/// How long a test waits for what should be so within a second: a busy machine takes longer, and a wait that ends costs nothing.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(1);

/// Repeats a look until it holds; fails the test after a minute, saying what was waited for.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = std::time::Instant::now() + PATIENCE;
    while !holds().await {
        assert!(std::time::Instant::now() < deadline, "still not so after {PATIENCE:?}: {what}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Says that a test, or a part of one, was left out, and why. Not by `eprintln!`: the test runner would keep that to
/// itself for a test that passes.
pub(crate) fn skipped(reason: &str) {
    use std::io::Write as _;
    std::io::stderr().write_all(format!("skipped: {reason}\n").as_bytes()).unwrap();
}

/// The SHA-256 of some bytes, as manifests have it.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    use std::fmt::Write as _;
    sha2::Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
