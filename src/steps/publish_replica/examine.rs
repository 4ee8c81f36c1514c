//! The new file examined: verified, written to the disk for good, and digested where it wasn't on the way, all at once.

use std::fs;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::failure::{Failure, Side};
use crate::duckdb::{DuckDbFile, OpenMode};
use crate::steps::StepContext;
use crate::steps::replica::{Contents, Fingerprint, fingerprint, read_all, refused};

use super::place::Place;
use super::verify::{Expected, verify};

/// A new file that may be shown.
#[derive(Debug)]
pub(super) struct Examined {
    /// What it holds.
    pub(super) contents: Contents,
    /// Its SHA-256.
    pub(super) sha256: String,
    /// Its size.
    pub(super) bytes: u64,
    /// How long each part of it took. They ran side by side.
    pub(super) phases: Vec<(&'static str, Duration)>,
}

/// Examines the hidden file. DuckDB has closed it, and nobody else knows of it, so opening it here takes no lock away
/// that keeps anybody out.
pub(super) async fn examine(
    place: &Place,
    expected: &Expected<'_>,
    known: Option<Fingerprint>,
    context: &StepContext,
) -> Result<Examined, Failure> {
    let doing = format!("examining the new file in {}", place.folder().display());
    let refused = |error: io::Error| refused(&doing, &error);
    place.close_to_writers().map_err(refused)?;
    // What one of the three finds ends the others.
    let stop = context.stop.child_token();
    let _ends = stop.clone().drop_guard();
    let path: Arc<std::path::Path> = place.temporary().into();
    let (to_sync, to_digest, digesting) = (Arc::clone(&path), Arc::clone(&path), stop.clone());
    let verifying = timed(Box::pin(verify(place, expected, context)));
    let syncing = timed(async { blocking(move || fs::File::open(to_sync)?.sync_all()).await?.map_err(refused) });
    let was_known = known.is_some();
    let digesting = timed(async {
        if let Some(known) = known {
            return Ok(known);
        }
        let found = blocking(move || fingerprint(&to_digest, &digesting)).await?;
        if context.stop.is_cancelled() { Err(Failure::stopped()) } else { found.map_err(refused) }
    });
    let ((contents, verified), ((), synced), (found, digested)) = tokio::try_join!(verifying, syncing, digesting)?;
    if expected.is_copy && !found.is_whole {
        Box::pin(settle_suspicion(place, context)).await?;
    }
    let mut phases = vec![("verify", verified), ("sync", synced)];
    if !was_known {
        phases.push(("digest", digested));
    }
    Ok(Examined { contents, sha256: found.sha256, bytes: found.bytes, phases })
}

/// Has DuckDB read all tables of a copy in which some block isn't as it was written: one that is free does no harm.
async fn settle_suspicion(place: &Place, context: &StepContext) -> Result<(), Failure> {
    context.info("some blocks of the master's file don't bear their own checksums; reading all of its tables");
    let file = DuckDbFile::new(place.temporary().to_path_buf());
    let session = context.unless_stopped(Box::pin(file.open(OpenMode::ReadOnly))).await?;
    let session = session.map_err(|error| error.on(Side::Target))?;
    let read = read_all(&session, &context.stop).await;
    drop(session.close().await);
    // What is damaged in the copy is damaged in the master.
    read.map_err(|error| error.on(Side::Source))
}

/// Does `work` and says how long it took.
pub(super) async fn timed<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<(T, Duration), Failure> {
    let began = Instant::now();
    let done = work.await?;
    Ok((done, began.elapsed()))
}

/// Does `work` on a thread that may block. It is done to its end, also if nobody waits for it any more.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Failure::bug(format!("publishing a replica: {error}")))
}
