//! The attempt's own folder for what is on its way. It is gone when its owner is, on every path.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::steps::StepContext;

/// A folder that removes itself.
pub(in crate::steps) struct Spool {
    folder: PathBuf,
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
        Ok(Self { folder })
    }

    /// Removes what earlier attempts of this step left. Also for an attempt that needs no folder of its own.
    pub(in crate::steps) fn sweep(context: &StepContext) -> Result<(), Failure> {
        let all = &context.environment.spool;
        if !all.exists() {
            return Ok(());
        }
        let left = std::fs::read_dir(all).map_err(|error| failed("reading", all, &error))?;
        for entry in left.flatten() {
            if entry.file_name().to_string_lossy().starts_with(&context.hidden_prefix()) {
                context.warn(format!("removed `{}`, left by an earlier attempt", entry.path().display()));
                std::fs::remove_dir_all(entry.path()).map_err(|error| failed("removing", &entry.path(), &error))?;
            }
        }
        Ok(())
    }

    /// A path within the folder.
    pub(in crate::steps) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // What can't be removed now is removed by the next attempt.
        std::fs::remove_dir_all(&self.folder).ok();
    }
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
