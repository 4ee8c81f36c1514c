//! The system user that the server runs as.
//!
//! An ordinary user runs it as themselves. Root can't: then it is whoever owns the cluster already, else `postgres`,
//! else `nobody`.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::{Uid, User};

use super::error::EmbeddedError;
use super::layout::Layout;

/// The system user that the server runs as.
#[derive(Clone, Debug)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
    name: String,
    /// Whether processes must be started under another user than our own.
    switch: bool,
}

impl Account {
    /// Chooses it and checks that it can reach the data directory.
    pub(super) fn choose(layout: &Layout) -> Result<Self, EmbeddedError> {
        let me = Uid::effective();
        let owner = std::fs::metadata(&layout.data).ok().map(|data| (data.uid(), data.gid()));
        if !me.is_root() {
            let uid = me.as_raw();
            if let Some((other, _)) = owner.filter(|(other, _)| *other != uid) {
                let message = format!("`{}` belongs to user {}", layout.data.display(), user_name(other));
                return Err(EmbeddedError::start("opening the data directory of", message)
                    .with_hint("run Windlass as that user or as root, or give it a data_dir of its own"));
            }
            return Ok(Self { uid, gid: nix::unistd::getegid().as_raw(), name: user_name(uid), switch: false });
        }
        let (uid, gid, name) = match owner {
            Some((uid, gid)) if uid != 0 => (uid, gid, user_name(uid)),
            _ => unprivileged()?,
        };
        let account = Self { uid, gid, name, switch: true };
        account.check_reach(&layout.base)?;
        Ok(account)
    }

    /// A program started as this user, with no terminal, in English, without PostgreSQL settings of the environment.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).current_dir("/").env("LC_ALL", "C");
        for variable in ["PGDATA", "PGPORT", "PGHOST", "PGUSER", "PGDATABASE", "PGOPTIONS", "PGCLIENTENCODING"] {
            command.env_remove(variable);
        }
        if self.switch {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Gives a file or folder to this user.
    pub(super) fn give(&self, path: &Path) -> Result<(), EmbeddedError> {
        if !self.switch {
            return Ok(());
        }
        chown(path, Some(self.uid), Some(self.gid))
            .map_err(|error| EmbeddedError::file("preparing the data directory of", path, &error))
    }

    /// Whether a file or folder belongs to this user.
    pub(super) fn owns(&self, metadata: &std::fs::Metadata) -> bool {
        metadata.uid() == self.uid
    }

    /// Checks that this user may pass through every folder on the way to the data directory.
    fn check_reach(&self, base: &Path) -> Result<(), EmbeddedError> {
        let mut folders: Vec<&Path> = base.ancestors().collect();
        folders.reverse();
        for folder in folders {
            let mut probe = self.command(Path::new("/bin/sh"));
            let status = probe.args(["-c", "test -x \"$1\"", "sh"]).arg(folder).status();
            if !status.map_err(|error| EmbeddedError::file("preparing", Path::new("/bin/sh"), &error))?.success() {
                let message = format!("user {} can't enter `{}`", self.name, folder.display());
                return Err(EmbeddedError::start("preparing the data directory of", message).with_hint(format!(
                    "PostgreSQL refuses to run as root, so it runs as {}: choose a data_dir that this user can reach, \
                     or run chmod a+x '{}'",
                    self.name,
                    folder.display()
                )));
            }
        }
        Ok(())
    }
}

/// The user that root hands the server to.
fn unprivileged() -> Result<(u32, u32, String), EmbeddedError> {
    for name in ["postgres", "nobody"] {
        if let Ok(Some(user)) = User::from_name(name) {
            return Ok((user.uid.as_raw(), user.gid.as_raw(), user.name));
        }
    }
    Err(EmbeddedError::start(
        "starting",
        "PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody`",
    )
    .with_hint("run Windlass as an ordinary user, or make one for it: useradd --system postgres"))
}

fn user_name(uid: u32) -> String {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => user.name,
        _ => uid.to_string(),
    }
}
