//! Copies the master's file in a child process, and takes the copy's fingerprint while it grows.
//!
//! This process must not open the master, but it may read the copy: right behind the child, out of the system's own memory.
//! So the digest, which takes longer than the copying, begins with it, and the disk is asked to write meanwhile.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::progress::Progress;
use crate::steps::StepContext;
use crate::steps::replica::{Fingerprint, fingerprint_growing, refused};

use super::child_copy;
use super::examine::blocking;

/// What is being done, for people.
const PHASE: &str = "copying the master's file";

/// How often progress is told.
const TELL: Duration = Duration::from_millis(200);

/// Copies `from` to `to`, onto the disk, and says the copy's fingerprint; `None` if it has to be read again to be sure.
pub(super) async fn copy(from: &Path, to: &Path, context: &StepContext) -> Result<Option<Fingerprint>, Failure> {
    let doing = format!("copying {}", from.display());
    let unread = |words: String| Failure::permanent(Code::DuckDbOpen, Side::Source, format!("{doing}: {words}"));
    let master = fs::metadata(from).map_err(|error| unread(error.to_string()))?;
    // Who may not read the master may not read its copy either.
    let mode = master.permissions().mode() & 0o777;
    let made = OpenOptions::new().write(true).create_new(true).mode(mode).open(to);
    drop(made.map_err(|error| refused(&doing, &error))?);
    let copied = CancellationToken::new();
    let (whole, stop, path): (_, _, Arc<Path>) = (copied.clone(), context.stop.clone(), to.into());
    let followed = Arc::clone(&path);
    let following = blocking(move || fingerprint_growing(&followed, || whole.is_cancelled(), &stop));
    let copying = async {
        let done = child_copy::copy(from, to, PHASE, context).await;
        // After a failure too: the follower goes to the end of what is there.
        copied.cancel();
        done?;
        blocking(move || File::open(&path)?.sync_all()).await?.map_err(|error| refused(&doing, &error))
    };
    let working = async { tokio::join!(copying, following) };
    let (done, found) = tokio::select! {
        both = working => both,
        never = tell(to, master.len(), context) => never,
    };
    done?;
    let found = found?;
    if context.stop.is_cancelled() {
        return Err(Failure::stopped());
    }
    let found = found.map_err(|error| refused(&doing, &error))?;
    if found.bytes != master.len() {
        return Err(unread(format!("it has {} bytes, {} were copied", master.len(), found.bytes)));
    }
    // Where a system shows a growing file before its contents are there, its blocks don't bear their checksums.
    Ok(found.is_whole.then_some(found))
}

/// Tells how long the copy is, until it is dropped.
async fn tell<T>(copy: &Path, expected: u64, context: &StepContext) -> T {
    loop {
        tokio::time::sleep(TELL).await;
        let bytes = fs::metadata(copy).map_or(0, |found| found.len());
        let phase = Progress::phase(PHASE);
        context.host.progress(Progress { bytes: Some(bytes), bytes_expected: Some(expected), ..phase });
    }
}
