//! Where a replica stands, and what may lie beside it: the hidden file that becomes it, and logs that aren't its own.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::steps::StepContext;

use super::lock::PublishLock;

/// Endings of the logs that DuckDB looks for beside a file. One that stems from another file is refused or, with an
/// old storage version, replayed.
const LOGS: [&str; 3] = [".wal", ".wal.checkpoint", ".wal.recovery"];

/// When a hidden file of another run that nobody has written to counts as left by a crash. Far longer than a file
/// rests between being built and being renamed, except while the state database is away.
const ABANDONED: Duration = Duration::from_hours(24);

/// A replica's path, without links, and the hidden file of this attempt in the same folder.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    folder: PathBuf,
    name: String,
    temporary: PathBuf,
    /// What the names of hidden files of this step start with, whichever attempt.
    own: String,
}

impl Place {
    /// The place of a replica. A relative path starts from the job file's folder; a link is followed.
    pub(super) fn find(path: &str, context: &StepContext) -> Result<Self, Failure> {
        let path = context.base.join(path);
        let doing = format!("publishing to {}", path.display());
        let path = match fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => path.canonicalize().map_err(|error| refused(&doing, &error))?,
            _ => path,
        };
        let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
            return Err(Failure::permanent(Code::ReplicaTarget, Side::Target, format!("{doing}: it names no file")));
        };
        let folder = folder.canonicalize().map_err(|error| {
            let message = format!("{doing}: the folder {}: {error}", folder.display());
            Failure::permanent(Code::ReplicaTarget, Side::Target, message)
                .with_hint("make the folder first; it must be on a disk of this machine")
        })?;
        let name = name.to_owned();
        let own = format!(".{name}.windlass-{}-{}-", context.run.0.simple(), context.step_index);
        let temporary = folder.join(format!("{own}{}.tmp", context.attempt));
        Ok(Self { path: folder.join(&name), folder, name, temporary, own })
    }

    /// The replica's path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that it stands in.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The hidden file that becomes the replica.
    pub(super) fn temporary(&self) -> &Path {
        &self.temporary
    }

    /// The same as text, for SQL.
    pub(super) fn temporary_text(&self) -> Result<&str, Failure> {
        self.temporary.to_str().ok_or_else(|| {
            let message = format!("the path {} is not UTF-8, which DuckDB needs", self.temporary.display());
            Failure::permanent(Code::ReplicaTarget, Side::Target, message)
        })
    }

    /// A file in the replica's folder that publishers of this replica lock.
    pub(super) fn lock_file(&self) -> PathBuf {
        self.folder.join(format!(".{}.windlass-lock", self.name))
    }

    /// Logs beside the hidden file.
    pub(super) fn logs_of_temporary(&self) -> impl Iterator<Item = PathBuf> {
        logs_of(&self.temporary).filter(|log| log.exists())
    }

    /// Finds out whether the folder can be written to, before an hour's work, and removes what earlier attempts left.
    pub(super) fn prepare(&self, context: &StepContext) -> Result<(), Failure> {
        let doing = format!("publishing to {}", self.path.display());
        if self.path.is_dir() {
            return Err(refused(&doing, &io::ErrorKind::IsADirectory.into()));
        }
        fs::File::create(&self.temporary)
            .and_then(|file| {
                drop(file);
                fs::remove_file(&self.temporary)
            })
            .map_err(|error| refused(&doing, &error))?;
        for entry in fs::read_dir(&self.folder).map_err(|error| refused(&doing, &error))?.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let others = name.starts_with(&format!(".{}.windlass-", self.name)) && name.contains(".tmp");
            if name.starts_with(&self.own) || (others && rests(&entry)) {
                context.warn(format!("removing {name}, left by an earlier attempt"));
                remove(&entry.path(), context);
            }
        }
        Ok(())
    }

    /// Removes this attempt's hidden file and all that DuckDB may have put beside it.
    pub(super) fn remove_temporary(&self, context: &StepContext) {
        let mut spill = self.temporary.clone().into_os_string();
        spill.push(".tmp");
        for path in [self.temporary.clone(), spill.into()].into_iter().chain(logs_of(&self.temporary)) {
            remove(&path, context);
        }
    }

    /// Passes the gate and makes the hidden file the replica. Returns its size.
    pub(super) async fn show(&self, context: &StepContext) -> Result<u64, Failure> {
        let doing = format!("publishing {}", self.path.display());
        // DuckDB has closed the file, so opening it here takes no lock away.
        sync(&self.temporary).await.map_err(|error| refused(&doing, &error))?;
        let lock = PublishLock::take(&self.lock_file(), context).await?;
        context.unless_stopped(context.host.gate()).await??;
        let shown = self.replace().await;
        drop(lock);
        shown.map_err(|error| refused(&doing, &error))
    }

    /// Puts the hidden file in the replica's place, durably. No reader sees it with a log that isn't its own.
    async fn replace(&self) -> io::Result<u64> {
        if let Ok(old) = fs::metadata(&self.path) {
            // Who could read the old replica can read the new one; its owner may not be ours to give.
            fs::set_permissions(&self.temporary, old.permissions())?;
            drop(chown(&self.temporary, Some(old.uid()), Some(old.gid())));
        }
        for log in logs_of(&self.path) {
            match fs::remove_file(&log) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(&self.temporary, &self.path)?;
        sync(&self.folder).await?;
        Ok(fs::metadata(&self.path)?.len())
    }
}

/// Waits until a file, or what a folder holds, is on the disk.
async fn sync(path: &Path) -> io::Result<()> {
    tokio::fs::File::open(path).await?.sync_all().await
}

/// A failure to write where the replica should stand.
pub(super) fn refused(doing: &str, error: &io::Error) -> Failure {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let message = format!("{doing}: {error}");
    match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => Failure::transient(Code::DiskFull, Side::Target, message)
            .with_hint("free some space: the new file is written in full before the old one goes"),
        _ => Failure::permanent(Code::ReplicaTarget, Side::Target, message)
            .with_hint("the folder must exist, and the user of this process must be able to write to it"),
    }
}

/// Where logs of a DuckDB file would lie.
pub(super) fn logs_of(path: &Path) -> impl Iterator<Item = PathBuf> {
    LOGS.iter().map(|ending| {
        let mut log = path.as_os_str().to_owned();
        log.push(ending);
        PathBuf::from(log)
    })
}

/// Whether nobody has written to a file for long.
fn rests(entry: &fs::DirEntry) -> bool {
    let changed = entry.metadata().and_then(|found| found.modified());
    changed.is_ok_and(|changed| SystemTime::now().duration_since(changed).is_ok_and(|rest| rest > ABANDONED))
}

/// Removes a file, or a folder that DuckDB has spilled into.
fn remove(path: &Path, context: &StepContext) {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            context.warn(format!("could not remove {}: {error}", path.display()));
        }
        _ => {}
    }
}
