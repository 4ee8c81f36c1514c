//! The cluster on disk: made once, of a version that fits, owned by the user that runs it.

use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Output;

use super::account::Account;
use super::binaries::Binaries;
use super::error::EmbeddedError;
use super::layout::Layout;

/// The superuser of the cluster, and the only user unless a job makes more.
pub(super) const USER: &str = "windlass";

const PREPARING: &str = "preparing the data directory of";

/// The major version of the cluster; `None` if there is none yet.
pub(super) fn major(layout: &Layout) -> Result<Option<u32>, EmbeddedError> {
    let path = layout.data.join("PG_VERSION");
    match std::fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().map(Some).map_err(|_| {
            EmbeddedError::start(PREPARING, format_args!("`{}` holds no version: {:?}", path.display(), text.trim()))
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut entries = std::fs::read_dir(&layout.data).into_iter().flatten();
            if entries.next().is_some() {
                let message = format!("`{}` is not empty and holds no PostgreSQL cluster", layout.data.display());
                return Err(EmbeddedError::start(PREPARING, message)
                    .with_hint("move its content away, or choose another data_dir"));
            }
            Ok(None)
        }
        Err(error) => Err(EmbeddedError::file(PREPARING, &path, &error)),
    }
}

/// Makes the cluster. It appears under its name only when it is whole, so a crash on the way leaves no half one.
pub(super) fn create(layout: &Layout, account: &Account, binaries: &Binaries, sync: bool) -> Result<(), EmbeddedError> {
    let fresh = layout.base.join("postgres.new");
    // C.UTF-8 sorts by code point and knows letters beyond ASCII, but some systems don't have it.
    let first = initialise(&fresh, "C.UTF-8", account, binaries, sync)?;
    if !first.status.success() {
        let second = initialise(&fresh, "C", account, binaries, sync)?;
        if !second.status.success() {
            let text = String::from_utf8_lossy(&second.stderr);
            let message = text.lines().find(|line| line.contains("error") || line.contains("FATAL"));
            return Err(EmbeddedError::start(
                PREPARING,
                format_args!("initdb: {}", message.unwrap_or(&text).trim_start_matches("initdb: ")),
            ));
        }
    }
    std::fs::rename(&fresh, &layout.data).map_err(|error| EmbeddedError::file(PREPARING, &layout.data, &error))
}

fn initialise(
    folder: &Path,
    locale: &str,
    account: &Account,
    binaries: &Binaries,
    sync: bool,
) -> Result<Output, EmbeddedError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(EmbeddedError::file(PREPARING, folder, &error));
        }
        _ => {}
    }
    private_folder(folder, account)?;
    let program = binaries.program("initdb");
    let mut command = account.command(&program);
    command.arg("--pgdata").arg(folder).args(["--username", USER, "--encoding", "UTF8"]);
    command.arg(format!("--locale={locale}")).arg("--lc-messages=C");
    command.args(["--auth-local=trust", "--auth-host=reject", "--no-instructions"]);
    if !sync {
        command.arg("--no-sync");
    }
    command.output().map_err(|error| EmbeddedError::file(PREPARING, &program, &error))
}

/// Makes a folder that only the server's user may enter, or checks that an existing one is such.
pub(super) fn private_folder(path: &Path, account: &Account) -> Result<(), EmbeddedError> {
    match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => return account.give(path),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(EmbeddedError::file(PREPARING, path, &error)),
    }
    // Anybody could have put a folder of that name into /tmp, so its owner and mode are looked at, not assumed.
    let found = std::fs::symlink_metadata(path).map_err(|error| EmbeddedError::file(PREPARING, path, &error))?;
    if found.is_dir() && account.owns(&found) && found.permissions().mode().trailing_zeros() >= 6 {
        return Ok(());
    }
    let message = format!("`{}` is not a folder that only the server's user may enter", path.display());
    Err(EmbeddedError::start(PREPARING, message).with_hint("remove it; Windlass makes it again"))
}
