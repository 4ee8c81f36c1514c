//! The attempt's own folder for what is on its way. It is gone when its owner is, on every path, unless the attempt keeps
//! something of it for the next one.
//!
//! What is kept is taken over by the very next attempt of the same step on the same machine, or removed by it; it is
//! removed at the run's end; and what a run leaves on a machine that doesn't see its end is found by `spooled`.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::ids::RunId;
use crate::steps::{Environment, StepContext};

/// A folder that removes itself.
pub(in crate::steps) struct Spool {
    folder: PathBuf,
    kept: bool,
}

impl Spool {
    /// Removes what earlier attempts of this step left, and makes a new folder. Only our user may look into it: bodies
    /// hold what tables hold.
    pub(in crate::steps) fn make(context: &StepContext) -> Result<Self, Failure> {
        let all = &context.environment.spool;
        DirBuilder::new().recursive(true).mode(0o700).create(all).map_err(|error| failed("making", all, &error))?;
        Self::sweep(context)?;
        let folder = all.join(context.hidden_name(0));
        DirBuilder::new().mode(0o700).create(&folder).map_err(|error| failed("making", &folder, &error))?;
        Ok(Self { folder, kept: false })
    }

    /// The folder of the attempt right before this one, with what it has kept, or had when its daemon died; a new one
    /// where there is none. What other attempts left is removed.
    pub(in crate::steps) fn take_over(context: &StepContext) -> Result<Self, Failure> {
        let all = &context.environment.spool;
        let folder = all.join(context.hidden_name(0));
        let before = all.join(format!("{}{}_0", context.hidden_prefix(), context.attempt.saturating_sub(1)));
        // By its new name an attempt whose daemon was only frozen doesn't find it any more when it wakes.
        if std::fs::rename(before, &folder).is_err() {
            return Self::make(context);
        }
        sweep_all_but(Some(&folder), context)?;
        Ok(Self { folder, kept: false })
    }

    /// Removes what earlier attempts of this step left. Also for an attempt that needs no folder of its own.
    pub(in crate::steps) fn sweep(context: &StepContext) -> Result<(), Failure> {
        sweep_all_but(None, context)
    }

    /// A path within the folder.
    pub(in crate::steps) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Removes all but these.
    pub(in crate::steps) fn reduce_to(&self, names: &[String]) -> Result<(), Failure> {
        let removed = std::fs::read_dir(&self.folder).and_then(|entries| {
            for entry in entries {
                let entry = entry?;
                if names.iter().any(|name| entry.file_name() == name.as_str()) {
                    continue;
                }
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                let remove = if is_folder { std::fs::remove_dir_all } else { std::fs::remove_file };
                match remove(entry.path()) {
                    // Somebody who was stopped is still about to clean up.
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    removed => removed?,
                }
            }
            Ok(())
        });
        removed.map_err(|error| failed("clearing", &self.folder, &error))
    }

    /// Leaves these to the next attempt, and nothing else.
    pub(in crate::steps) fn keep(mut self, names: &[String]) {
        self.kept = !names.is_empty() && self.reduce_to(names).is_ok();
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if !self.kept {
            // What can't be removed now is removed by the next attempt.
            std::fs::remove_dir_all(&self.folder).ok();
        }
    }
}

fn sweep_all_but(ours: Option<&Path>, context: &StepContext) -> Result<(), Failure> {
    let all = &context.environment.spool;
    if !all.exists() {
        return Ok(());
    }
    let left = std::fs::read_dir(all).map_err(|error| failed("reading", all, &error))?;
    for path in left.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(&context.hidden_prefix()) && Some(path.as_path()) != ours {
            context.warn(format!("removed `{}`, left by an earlier attempt", path.display()));
            std::fs::remove_dir_all(&path).map_err(|error| failed("removing", &path, &error))?;
        }
    }
    Ok(())
}

/// What lies in the spool of this machine, and of which runs, whether or not they are still at work.
pub fn spooled(environment: &Environment) -> std::io::Result<Vec<(RunId, PathBuf)>> {
    if !environment.spool.exists() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(&environment.spool)?.flatten();
    Ok(entries.filter_map(|entry| Some((run_of(entry.file_name().to_str()?)?, entry.path()))).collect())
}

/// Removes what attempts of a run have left in the spool of this machine. The run is about to end.
pub fn clear_spool(environment: &Environment, run: RunId) -> std::io::Result<()> {
    let mut left = spooled(environment)?.into_iter().filter(|(of, _)| *of == run);
    left.try_for_each(|(_, folder)| std::fs::remove_dir_all(folder))
}

/// The run that a folder's name tells of: that of a hidden name.
fn run_of(name: &str) -> Option<RunId> {
    name.strip_prefix("windlass_")?.split('_').next()?.parse().ok()
}

fn failed(doing: &str, path: &Path, error: &std::io::Error) -> Failure {
    let message = format!("{doing} `{}`: {error}", path.display());
    if matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) {
        Failure::transient(Code::DiskFull, Side::Internal, message)
    } else {
        Failure::permanent(Code::LocalFile, Side::Internal, message)
            .with_hint("the daemon's user must be able to write to the spool folder under data_dir")
    }
}
