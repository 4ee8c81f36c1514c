//! PostgreSQL of other major versions than the shared server's.
//!
//! `scripts/postgres` puts their programs into `lib/postgresql-18`; where they are not, the tests that need them say so
//! and pass. `WINDLASS_TEST_POSTGRES=14,16` adds versions, and those must be there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use windlass::postgres::embedded::Binaries;

use super::server::{TestServer, server};
use super::{flags, skipped};

/// Versions to be tested besides those that always are.
const VARIABLE: &str = "WINDLASS_TEST_POSTGRES";

/// The newest version that Windlass is tested with.
const NEWEST: u32 = 18;

/// A server of that major version, shared by all tests of the process; `None`, with the reason printed, where it can't
/// be had.
pub(crate) fn server_of(major: u32) -> Option<&'static TestServer> {
    static SERVERS: Mutex<BTreeMap<u32, &'static TestServer>> = Mutex::new(BTreeMap::new());
    if server().major() == major {
        return Some(server());
    }
    let programs = programs_of(major)?;
    let mut servers = SERVERS.lock().unwrap_or_else(PoisonError::into_inner);
    Some(servers.entry(major).or_insert_with(|| Box::leak(Box::new(TestServer::start(Some(programs))))))
}

/// A server of each version that is tested here: the installed one, 18, and those that were asked for.
pub(crate) fn servers() -> Vec<&'static TestServer> {
    let mut servers = vec![server()];
    servers.extend(server_of(NEWEST).filter(|newest| newest.major() != server().major()));
    for word in flags::list(VARIABLE) {
        let major = word.parse().unwrap_or_else(|_| panic!("{VARIABLE}: `{word}` is no major version"));
        let asked = server_of(major).unwrap_or_else(|| panic!("{VARIABLE} asks for PostgreSQL {major}"));
        if servers.iter().all(|server| server.major() != major) {
            servers.push(asked);
        }
    }
    servers
}

/// The folder with the programs of a major version.
pub(super) fn programs_of(major: u32) -> Option<PathBuf> {
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("lib/postgresql-{major}/bin"));
    // Without links: the server's user need not be able to read this folder.
    if let Ok(folder) = fetched.canonicalize() {
        return Some(folder);
    }
    let found = Binaries::find(Some(major)).ok().map(|binaries| binaries.folder);
    if found.is_none() {
        skipped(&format!("PostgreSQL {major} is not here; `scripts/postgres {major}` fetches it"));
    }
    found
}
