//! A disk that is soon full.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{PrivateServer, skipped};

/// Waits for the end of the test process, however it ends, and takes the disk away.
const SCRIPT: &str = r#"trap '' HUP INT TERM; cat >/dev/null; umount -l "$1"; rmdir "$1""#;

/// A file system in memory; it goes when this is dropped or the test process ends.
pub(crate) struct SmallDisk {
    mounted: PathBuf,
    process: Child,
}

impl SmallDisk {
    /// Mounts one of that many megabytes; `None`, with the reason printed, where that isn't allowed.
    pub(crate) fn mount(megabytes: u32) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("windlass-disk-").tempdir().unwrap();
        if !mount(folder.path(), megabytes) {
            return None;
        }
        let folder = folder.keep();
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "windlass-test-keeper"]).arg(&folder).stdin(Stdio::piped());
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Some(Self { mounted: folder, process: command.stdout(Stdio::null()).spawn().unwrap() })
    }

    /// Makes a folder on it that the server may write to.
    pub(crate) fn folder(&self, server: &PrivateServer, name: &str) -> PathBuf {
        let folder = self.mounted.join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
        let data = std::fs::metadata(server.embedded().data()).unwrap();
        chown(&folder, Some(data.uid()), Some(data.gid())).unwrap();
        folder
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

/// Mounts a file system in memory on a folder; `false`, with the reason printed, where that isn't allowed.
pub(super) fn mount(folder: &Path, megabytes: u32) -> bool {
    if !nix::unistd::geteuid().is_root() {
        skipped("only root can mount a small disk");
        return false;
    }
    let size = format!("size={megabytes}m,mode=0711");
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(folder).output().unwrap();
    if !mounted.status.success() {
        skipped(&format!("a small disk can't be mounted: {}", String::from_utf8_lossy(&mounted.stderr).trim()));
    }
    mounted.status.success()
}
