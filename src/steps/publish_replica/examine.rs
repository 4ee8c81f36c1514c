//! The new file examined: verified, written to the disk for good, and digested, all at once.

use std::fs;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::failure::Failure;
use crate::steps::StepContext;
use crate::steps::replica::{Contents, refused, sha256};

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
    pub(super) phases: [(&'static str, Duration); 3],
}

/// Examines the hidden file. DuckDB has closed it, and nobody else knows of it, so opening it here takes no lock away
/// that keeps anybody out.
pub(super) async fn examine(
    place: &Place,
    expected: &Expected<'_>,
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
    let digesting = timed(async {
        let digest = blocking(move || sha256(&to_digest, &digesting)).await?;
        if context.stop.is_cancelled() { Err(Failure::stopped()) } else { digest.map_err(refused) }
    });
    let ((contents, verified), ((), synced), (sha256, digested)) = tokio::try_join!(verifying, syncing, digesting)?;
    let bytes = fs::metadata(&path).map_err(refused)?.len();
    let phases = [("verify", verified), ("sync", synced), ("digest", digested)];
    Ok(Examined { contents, sha256, bytes, phases })
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
