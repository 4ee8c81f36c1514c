//! Files on a disk.

use std::path::{Path, PathBuf};

use super::file::unreadable;
use super::found::{FoundFile, Place, Taken};
use crate::domain::failure::Failure;

/// Finds the files, in the order of their names.
pub(super) fn find(pattern: &Path) -> Result<Vec<FoundFile>, Failure> {
    let shown = |path: &Path| path.display().to_string();
    let found = matching(pattern)?.into_iter().map(|path| {
        let about = std::fs::metadata(&path).map_err(|error| unreadable(&shown(&path), error))?;
        if !about.is_file() {
            return Err(unreadable(&shown(&path), "it is not a file"));
        }
        // What may be looked at need not be ours to read.
        std::fs::File::open(&path).map_err(|error| unreadable(&shown(&path), error))?;
        Ok(FoundFile { taken: Taken::local(path.clone(), &about), place: Place::Local(path) })
    });
    found.collect()
}

/// A path that exists is taken as it is, whatever characters it has; else it is a pattern.
fn matching(pattern: &Path) -> Result<Vec<PathBuf>, Failure> {
    if pattern.exists() {
        return Ok(vec![pattern.to_owned()]);
    }
    let shown = pattern.display().to_string();
    let text = pattern.to_str().ok_or_else(|| unreadable(&shown, "the path is not UTF-8"))?;
    if !text.contains(['*', '?', '[']) {
        return Err(unreadable(&shown, "no such file"));
    }
    // Sorted by name, so that the order of rows doesn't depend on the file system.
    let found = glob::glob(text).map_err(|error| unreadable(&shown, error))?;
    let read = |path: Result<PathBuf, glob::GlobError>| {
        path.map_err(|error| unreadable(&error.path().display().to_string(), error.error()))
    };
    found.map(read).collect()
}
