//! Files that were found, and which of them are new.

use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use super::fetch::Expected;
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::objects::{Bucket, Found};
use crate::steps::StepContext;

/// A file that was found.
pub(super) struct FoundFile {
    pub(super) place: Place,
    pub(super) taken: Taken,
}

/// Where a file is.
pub(super) enum Place {
    /// On a disk.
    Local(PathBuf),
    /// In an object store.
    Remote(Bucket, Found),
}

/// What is remembered of a file that was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::steps::collect) struct Taken {
    /// Its path or address.
    pub(in crate::steps::collect) path: String,
    /// Its size.
    pub(in crate::steps::collect) bytes: u64,
    /// What tells it from another of that path: size, and time or tag.
    pub(in crate::steps::collect) version: String,
    /// Where it can be looked at again.
    pub(in crate::steps::collect) local: Option<PathBuf>,
}

impl Taken {
    /// What is remembered of a local file.
    pub(super) fn local(path: PathBuf, about: &std::fs::Metadata) -> Self {
        let (path, local) = (path.display().to_string(), Some(path));
        Self { path, bytes: about.len(), version: version(about), local }
    }

    /// What is remembered of an object.
    pub(super) fn remote(address: String, found: &Found) -> Self {
        let changed = || found.changed.to_rfc3339();
        let version = format!("{} {}", found.bytes, found.tag.clone().unwrap_or_else(changed));
        Self { path: address, bytes: found.bytes, version, local: None }
    }
}

fn version(about: &std::fs::Metadata) -> String {
    let modified = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    format!("{} {}.{:09}", about.len(), modified.as_secs(), modified.subsec_nanos())
}

/// The files that weren't loaded before, or were loaded when they were others.
pub(super) fn new_ones(found: Vec<FoundFile>, expected: &Expected, context: &StepContext) -> Vec<FoundFile> {
    let all = found.len();
    let mut changed = Vec::new();
    let is_new = |file: &FoundFile| match expected.taken.get(&file.taken.path) {
        None => true,
        Some(version) if *version == file.taken.version => false,
        Some(_) => {
            changed.push(format!("`{}`", file.taken.path));
            true
        }
    };
    let new: Vec<FoundFile> = found.into_iter().filter(is_new).collect();
    if !changed.is_empty() {
        context.warn(format!("loaded before and changed since, so they are loaded again: {}", changed.join(", ")));
    }
    context.info(format!("{} of {all} files are new", new.len()));
    new
}

/// Fails if a file is no longer what it was when it was found: what was read of it may be half of the old and half
/// of the new one.
pub(in crate::steps::collect) fn unchanged(taken: &[Taken]) -> Result<(), Failure> {
    for file in taken {
        let Some(path) = &file.local else { continue };
        let now = std::fs::metadata(path).map(|about| version(&about));
        if now.as_ref().ok() != Some(&file.version) {
            let message = format!("reading `{}`: it was changed meanwhile", file.path);
            return Err(Failure::transient(Code::InputFile, Side::Source, message)
                .with_hint("write files elsewhere and move them in when they are complete"));
        }
    }
    Ok(())
}
