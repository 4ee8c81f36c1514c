//! What tells a file from how it was before, without reading it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A file's identity, size and times, links followed. The time of the last change of its status can't be set back by a
/// program that keeps a file's age, as `cp -p` and `rsync -t` do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// The stamp of what is there; `None` if nothing is, or it can't be asked.
    pub(super) fn of(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().map(|metadata| Self::read(&metadata))
    }

    /// Which file it is, whatever is in it.
    pub(super) const fn identity(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    fn read(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}
