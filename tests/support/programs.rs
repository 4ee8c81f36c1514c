//! Programs that `scripts/test` puts on the PATH.

use std::path::PathBuf;

use super::skipped;

/// A program of that package; `None`, with the reason printed, where it isn't here.
#[expect(clippy::disallowed_methods, reason = "where programs are is a matter of the tests, not of Windlass")]
pub(crate) fn program(name: &str, package: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        skipped(&format!("{name} ({package}) is not on PATH"));
    }
    found
}
