//! From a file that was examined to a generation that readers see; and what another attempt had shown already.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::failure::Failure;
use crate::domain::progress::Progress;
use crate::domain::replica::{MANIFEST_VERSION, Manifest, ManifestTable};
use crate::steps::StepContext;
use crate::steps::replica::{self, Layout, PublishLock, State, refused};

use super::examine::{Examined, blocking, timed};
use super::place::Place;
use super::shrink;

/// Everything that a new generation's manifest says but its number.
pub(super) struct New<'n> {
    /// The file.
    pub(super) examined: &'n Examined,
    /// How it was made.
    pub(super) method: &'static str,
    /// The connection that it was made from.
    pub(super) source: &'n str,
    /// When it was begun: what it holds is as of then, or newer.
    pub(super) made_at: DateTime<Utc>,
    /// How much a table may have shrunk.
    pub(super) max_shrink: Option<f64>,
    /// How many generations stay.
    pub(super) keep: u32,
}

/// Makes the hidden file the next generation and the replica: under the lock, past the gate. Says how long that took
/// once it could begin.
pub(super) async fn show(new: &New<'_>, place: &Place, context: &StepContext) -> Result<(Manifest, Duration), Failure> {
    let doing = place.doing();
    let lock = lock(place, context).await?;
    let state = settled(&lock, place, context).await?;
    // Another publisher may have been here since it was asked first.
    shrink::refuse(state.manifest.as_ref(), &new.examined.contents.tables, new.max_shrink)?;
    let (generation, previous) = (state.largest() + 1, state.manifest.as_ref().map(|manifest| manifest.generation));
    let manifest = manifest(new, generation, place.layout().generation_name(generation), previous, context);
    let (layout, hidden, keep) = (place.layout().clone(), place.temporary().to_path_buf(), new.keep);
    let putting = under(&lock, move || put(&layout, &hidden, manifest, keep));
    let (shown, took) = timed(async { putting.await?.map_err(|error| refused(&doing, &error)) }).await?;
    if !shown.kept {
        context.warn(format!(
            "{} is on a file system without hard links: the replica is published, but no generations are kept",
            place.folder().display()
        ));
    }
    for number in shown.removed {
        context.debug(format!("removed generation {number}"));
    }
    Ok((shown.manifest, took))
}

/// What an earlier attempt of this step has shown, or was about to, if it died before anybody could record it.
pub(super) async fn shown_before(place: &Place, keep: u32, context: &StepContext) -> Result<Option<Manifest>, Failure> {
    if context.attempt == 1 {
        return Ok(None);
    }
    let doing = place.doing();
    let refused = |error: io::Error| refused(&doing, &error);
    let state = State::read(place.layout()).map_err(refused)?;
    let Some(number) = earlier(&state, &place.path().display().to_string(), context) else { return Ok(None) };
    let lock = lock(place, context).await?;
    let state = settled(&lock, place, context).await?;
    let Some(manifest) = state.kept.get(&number).or(state.manifest.as_ref()).cloned() else { return Ok(None) };
    let published = state.published_until();
    let (layout, shown) = (place.layout().clone(), manifest.clone());
    let finishing = move || {
        if number > published {
            replica::show_again(&layout, &shown)?;
        }
        Ok(replica::remove_old(&layout, &State::read(&layout)?, keep))
    };
    under(&lock, finishing).await?.map_err(refused)?;
    context
        .warn(format!("an earlier attempt published generation {number} and could not say so; it is not made again"));
    Ok(Some(manifest))
}

/// The newest generation that this run and step made, unless its making was recorded: then this is another round of
/// the run, which should publish anew.
pub(super) fn earlier(state: &State, place: &str, context: &StepContext) -> Option<u64> {
    let ours = |manifest: &&Manifest| manifest.run == context.run && manifest.step == context.step_id;
    let newest = state.kept.values().chain(&state.manifest).filter(ours).map(|manifest| manifest.generation).max()?;
    let recorded = context
        .scope
        .steps
        .get(&context.step_id)
        .and_then(|outcome| outcome["places"][place].as_u64().or_else(|| outcome["generation"].as_u64()));
    (recorded.unwrap_or(0) < newest).then_some(newest)
}

/// Takes the lock and passes the gate.
async fn lock(place: &Place, context: &StepContext) -> Result<Arc<PublishLock>, Failure> {
    context.host.progress(Progress::phase("publishing"));
    let lock = PublishLock::take(place.layout(), &context.stop, |words| context.info(words)).await?;
    context.unless_stopped(context.host.gate()).await??;
    Ok(Arc::new(lock))
}

/// Does `work` with the lock, which is held until it is done, also if nobody waits for it any more.
async fn under<T: Send + 'static>(
    lock: &Arc<PublishLock>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let lock = Arc::clone(lock);
    blocking(move || {
        let done = work();
        drop(lock);
        done
    })
    .await
}

/// What is there, once what crashes interrupted has been finished or removed.
async fn settled(lock: &Arc<PublishLock>, place: &Place, context: &StepContext) -> Result<State, Failure> {
    let doing = place.doing();
    let layout = place.layout().clone();
    let settle = move || {
        let mut state = State::read(&layout)?;
        let finished = replica::finish(&layout, &mut state)?;
        let halves = replica::remove_halves(&layout, &state);
        Ok((state, finished, halves))
    };
    let (state, finished, halves) = under(lock, settle).await?.map_err(|error: io::Error| refused(&doing, &error))?;
    if let Some(number) = finished {
        context.warn(format!("the replica was generation {number} already, its manifest did not say so: now it does"));
    }
    for number in halves {
        context.warn(format!("removing generation {number}, left half by an earlier attempt"));
    }
    for words in &state.unreadable {
        context.warn(words);
    }
    Ok(state)
}

/// The manifest of a new generation.
pub(super) fn manifest(
    new: &New<'_>,
    generation: u64,
    file: String,
    previous: Option<u64>,
    context: &StepContext,
) -> Manifest {
    let contents = &new.examined.contents;
    Manifest {
        version: MANIFEST_VERSION,
        generation,
        made_at: new.made_at,
        published_at: now(),
        file,
        bytes: new.examined.bytes,
        sha256: new.examined.sha256.clone(),
        source: new.source.to_owned(),
        method: new.method.to_owned(),
        rows: contents.tables.iter().map(|table| table.rows).sum(),
        tables: contents.tables.iter().map(ManifestTable::from).collect(),
        duckdb_version: contents.duckdb_version.clone(),
        storage_version: contents.storage_version.clone(),
        job: context.scope.run.job.clone(),
        run: context.run,
        step: context.step_id.clone(),
        previous,
        rolled_back_from: None,
    }
}

/// What came of putting a generation in place.
struct Shown {
    manifest: Manifest,
    kept: bool,
    removed: Vec<u64>,
}

/// Enters the hidden file among the generations, shows it, and removes generations beyond `keep`. Nothing of it stays
/// if it can't be shown.
fn put(layout: &Layout, hidden: &std::path::Path, mut manifest: Manifest, keep: u32) -> io::Result<Shown> {
    let kept = replica::enter(layout, hidden, &manifest)?;
    if !kept {
        layout.name().clone_into(&mut manifest.file);
    }
    let done = replica::show(layout, hidden, &manifest);
    let state = State::read(layout);
    if let Err(error) = done {
        // What readers see already stays; the next attempt finishes it.
        if state.is_ok_and(|state| state.shown != Some(manifest.generation)) {
            replica::leave(layout, manifest.generation);
        }
        return Err(error);
    }
    let removed = state.map(|state| replica::remove_old(layout, &state, keep)).unwrap_or_default();
    Ok(Shown { manifest, kept, removed })
}

/// The time for a manifest.
#[expect(clippy::disallowed_methods, reason = "a manifest has the time of the machine that made it, as its files do")]
pub(super) fn now() -> DateTime<Utc> {
    Utc::now()
}
