//! A temporary folder for an embedded server that goes when the test process ends, however it ends.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::small_disk::mount;

/// Waits for the end of the test process (its end of the pipe closes), then for the server's guardian, then removes the
/// folder, and takes the disk away that may be mounted there.
const SCRIPT: &str = r#"trap '' HUP INT TERM; cat >/dev/null; flock "$1/postgres.guard.lock" rm -rf "$1"
[ ! -e "$1" ] || { umount -l "$1"; rmdir "$1"; }"#;

/// A data directory, and a process that removes it.
pub(crate) struct Keeper {
    path: PathBuf,
    process: Child,
}

impl Keeper {
    /// A folder that the unprivileged user of the server may pass through.
    pub(crate) fn new() -> Self {
        Self::of(folder())
    }

    /// The same on a file system of its own of that many megabytes; `None`, with the reason printed, where that isn't
    /// allowed.
    pub(crate) fn on_small_disk(megabytes: u32) -> Option<Self> {
        let folder = folder();
        mount(folder.path(), megabytes).then(|| Self::of(folder))
    }

    fn of(folder: TempDir) -> Self {
        let path = folder.keep();
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "windlass-test-keeper"]).arg(&path).stdin(Stdio::piped());
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { path, process }
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

fn folder() -> TempDir {
    let mut folder = tempfile::Builder::new();
    folder.prefix("windlass-test-").permissions(std::fs::Permissions::from_mode(0o711)).tempdir().unwrap()
}
