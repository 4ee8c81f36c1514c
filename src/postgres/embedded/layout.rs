//! Where the embedded server keeps what.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::error::EmbeddedError;

/// Longest socket path that every system takes: macOS allows 103 bytes, Linux 107.
const LONGEST_SOCKET: usize = 103;

/// Room that the longest socket file name takes behind its folder: `/.s.PGSQL.65535`.
const SOCKET_NAME: usize = 15;

/// Paths of one embedded server, all derived from its data directory.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// Windlass' data directory, without links.
    pub(super) base: PathBuf,
    /// The cluster's own data directory.
    pub(super) data: PathBuf,
    /// Folder of the Unix socket.
    pub(super) socket: PathBuf,
    /// Serialises starting.
    pub(super) start_lock: PathBuf,
    /// Held shared by every user, exclusively by the guardian while it stops the server.
    pub(super) users_lock: PathBuf,
    /// Held by the guardian.
    pub(super) guard_lock: PathBuf,
    /// Exists from before the server is started until it answers.
    pub(super) starting: PathBuf,
    /// What the server prints before its own log is open.
    pub(super) first_words: PathBuf,
}

impl Layout {
    /// Makes the data directory where needed.
    pub(super) fn prepare(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let doing = "preparing the data directory of";
        std::fs::create_dir_all(data_dir).map_err(|error| {
            EmbeddedError::file(doing, data_dir, &error)
                .with_hint("set data_dir in windlass.yaml to a folder that this user may write")
        })?;
        let base = std::fs::canonicalize(data_dir).map_err(|error| EmbeddedError::file(doing, data_dir, &error))?;
        let file = |name: &str| base.join(name);
        Ok(Self {
            data: file("postgres"),
            socket: socket_folder(&base),
            start_lock: file("postgres.start.lock"),
            users_lock: file("postgres.users.lock"),
            guard_lock: file("postgres.guard.lock"),
            starting: file("postgres.starting"),
            first_words: file("postgres.start.log"),
            base,
        })
    }

    /// The file in which the server says that it runs.
    pub(super) fn pid_file(&self) -> PathBuf {
        self.data.join("postmaster.pid")
    }
}

/// Inside the data directory if the path is short enough, else in /tmp under a name that every user of the data
/// directory arrives at.
fn socket_folder(base: &Path) -> PathBuf {
    let near = base.join("postgres.socket");
    if near.as_os_str().len() + SOCKET_NAME <= LONGEST_SOCKET {
        return near;
    }
    let digest = Sha256::digest(base.as_os_str().as_encoded_bytes());
    let name = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    Path::new("/tmp").join(format!("windlass-{name:016x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_data_directory_gets_a_short_socket_path_that_is_always_the_same() {
        let long = PathBuf::from(format!("/{}", "x".repeat(120)));
        let socket = socket_folder(&long);
        assert!(socket.as_os_str().len() + SOCKET_NAME <= LONGEST_SOCKET);
        assert_eq!(socket, socket_folder(&long));
        assert_ne!(socket, socket_folder(&long.join("y")));
        assert_eq!(socket_folder(Path::new("/var/lib/windlass")), Path::new("/var/lib/windlass/postgres.socket"));
    }
}
