//! Where an attempt's new file is made: hidden, beside the replica that it becomes.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::duckdb::spill_folder;
use crate::steps::StepContext;
use crate::steps::replica::{Layout, logs_of, own_as, refused, with_ending};
use crate::steps::spool::Spool;

/// When a hidden file of another run that nobody has written to counts as left by a crash. Far longer than a file
/// rests between being built and being renamed, except while the state database is away.
const ABANDONED: Duration = Duration::from_hours(24);

/// Bits of a file's mode that let somebody write.
const WRITE: u32 = 0o222;

/// A replica's place, and the hidden file of this attempt in the same folder.
#[derive(Debug)]
pub(super) struct Place {
    layout: Layout,
    temporary: PathBuf,
    /// What the names of hidden files of this step start with, whichever attempt.
    own: String,
}

impl Place {
    /// The place of a replica. A relative path starts from the job file's folder; a link is followed.
    pub(super) fn find(path: &str, context: &StepContext) -> Result<Self, Failure> {
        let path = context.base.join(path);
        let doing = format!("publishing to {}", path.display());
        let layout = Layout::of(&path).map_err(|error| refused(&doing, &error))?;
        let own = format!("{}{}-{}-", layout.hidden_prefix(), context.run.0.simple(), context.step_index);
        let temporary = layout.folder().join(format!("{own}{}.tmp", context.attempt));
        Ok(Self { layout, temporary, own })
    }

    /// A place in the spool, for a file that no disk of this machine keeps.
    pub(super) fn in_spool(spool: &Spool, context: &StepContext) -> Result<Self, Failure> {
        Self::find(&spool.path("replica.db").to_string_lossy(), context)
    }

    /// The names of the replica's files.
    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The replica's path.
    pub(super) fn path(&self) -> PathBuf {
        self.layout.replica()
    }

    /// The folder that it stands in.
    pub(super) fn folder(&self) -> &Path {
        self.layout.folder()
    }

    /// What is being done there, for failures.
    pub(super) fn doing(&self) -> String {
        format!("publishing to {}", self.path().display())
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

    /// Logs beside the hidden file.
    pub(super) fn logs_of_temporary(&self) -> impl Iterator<Item = PathBuf> {
        logs_of(&self.temporary).filter(|log| log.exists())
    }

    /// Finds out whether the folder can be written to, before an hour's work, and removes what earlier attempts left.
    pub(super) fn prepare(&self, context: &StepContext) -> Result<(), Failure> {
        let refused = |error: &io::Error| refused(&self.doing(), error);
        if self.path().is_dir() {
            return Err(refused(&io::ErrorKind::IsADirectory.into()));
        }
        fs::File::create(&self.temporary)
            .and_then(|file| {
                drop(file);
                fs::remove_file(&self.temporary)
            })
            .map_err(|error| refused(&error))?;
        self.sweep(context).map_err(|error| refused(&error))
    }

    /// Removes this step's hidden files, and those of others that nobody has written to for long.
    pub(super) fn sweep(&self, context: &StepContext) -> io::Result<()> {
        for entry in fs::read_dir(self.folder())?.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let others = name.starts_with(&self.layout.hidden_prefix()) && name.contains(".tmp");
            let ours = name.starts_with(&self.own);
            if ours || (others && rests(&entry)) {
                if entry.path() != self.temporary {
                    context.warn(format!("removing {name}, left by an earlier attempt"));
                }
                remove(&entry.path(), context);
            }
        }
        Ok(())
    }

    /// Gives the hidden file to whom the old replica belongs, for the same people to read, and for nobody to write to:
    /// a reader that opens a replica to write would lock all others out, and change it.
    pub(super) fn close_to_writers(&self) -> io::Result<()> {
        let (mine, old) = (fs::metadata(&self.temporary)?, fs::metadata(self.path()));
        if let Ok(old) = &old {
            own_as(&self.temporary, old);
        }
        let mode = old.unwrap_or(mine).permissions().mode();
        fs::set_permissions(&self.temporary, fs::Permissions::from_mode(mode & 0o777 & !WRITE))
    }

    /// Removes this attempt's hidden files and all that DuckDB may have put beside them.
    pub(super) fn remove_temporary(&self, context: &StepContext) {
        let hidden = &self.temporary;
        let beside = ["", ".json", ".manifest"].into_iter().map(|ending| with_ending(hidden, ending));
        for path in beside.chain([spill_folder(hidden)]).chain(logs_of(hidden)) {
            remove(&path, context);
        }
    }
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
