//! A place in an object store, as an attempt deals with it.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::failure::Failure;
use crate::domain::progress::Progress;
use crate::domain::replica::Manifest;
use crate::objects::Upload;
use crate::steps::StepContext;
use crate::steps::replica::remote::{Publisher, RemoteReplica, Turn};

use super::examine::Examined;
use super::place::Place;
use super::show::{New, earlier, now};
use super::shrink;

/// Asks the store whether it lets us, and removes what publishers left there that died.
pub(super) async fn prepare(replica: &RemoteReplica, context: &StepContext) -> Result<(), Failure> {
    for words in context.unless_stopped(replica.sweep(&publisher(context), now())).await?? {
        context.warn(words);
    }
    Ok(())
}

/// What an earlier attempt of this step has shown, or was about to, if it died before anybody could record it.
pub(super) async fn shown_before(
    replica: &RemoteReplica,
    keep: u32,
    context: &StepContext,
) -> Result<Option<Manifest>, Failure> {
    if context.attempt == 1 {
        return Ok(None);
    }
    let state = context.unless_stopped(replica.state()).await??;
    let Some(number) = earlier(&state, replica.address(), context) else { return Ok(None) };
    let turn = take_turn(replica, context).await?;
    let shown = in_turn(turn, context, async {
        context.unless_stopped(context.host.gate()).await??;
        let shown = replica.show_again(number).await?;
        remove_old(replica, keep, context).await;
        Ok(shown)
    });
    let shown = shown.await?;
    if shown.is_some() {
        context.warn(format!(
            "an earlier attempt published generation {number} to {} and could not say so; it is not made again",
            replica.address()
        ));
    }
    Ok(shown)
}

/// Uploads the new file; says under which number.
pub(super) async fn upload(
    replica: &RemoteReplica,
    built: &Place,
    examined: &Examined,
    context: &StepContext,
) -> Result<u64, Failure> {
    let phase = format!("uploading to {}", replica.address());
    let progress = |bytes: u64| {
        let bytes_expected = Some(examined.bytes);
        context.host.progress(Progress { bytes: Some(bytes), bytes_expected, ..Progress::phase(&phase) });
    };
    progress(0);
    let upload = Upload { file: built.temporary(), sha256: &examined.sha256, progress: &progress, stop: &context.stop };
    replica.upload(&publisher(context), &upload).await
}

/// Makes the file that was uploaded under that number the next generation and the replica: in turn, past the gate.
pub(super) async fn show(
    replica: &RemoteReplica,
    number: u64,
    new: &New<'_>,
    built: &Place,
    context: &StepContext,
) -> Result<(Manifest, Duration), Failure> {
    context.host.progress(Progress::phase(format!("publishing to {}", replica.address())));
    let sha256 = &new.examined.sha256;
    let upload = Upload { file: built.temporary(), sha256, progress: &|_| {}, stop: &context.stop };
    let mut began = Instant::now();
    let turn = match take_turn(replica, context).await {
        Ok(turn) => turn,
        Err(failure) => {
            replica.discard(number).await;
            return Err(failure);
        }
    };
    let shown = in_turn(turn, context, async {
        let allowed = async {
            context.unless_stopped(context.host.gate()).await??;
            // Another publisher may have been here since it was asked first.
            let published = replica.published().await?;
            shrink::refuse(published.as_ref(), &new.examined.contents.tables, new.max_shrink)
        };
        if let Err(refused) = allowed.await {
            replica.discard(number).await;
            return Err(refused);
        }
        began = Instant::now();
        let manifest = super::show::manifest(new, 0, String::new(), None, context);
        let manifest = replica.show(&publisher(context), number, &manifest, &upload).await?;
        remove_old(replica, new.keep, context).await;
        Ok(manifest)
    });
    let manifest = shown.await?;
    Ok((manifest, began.elapsed()))
}

/// Removes generations beyond `keep`.
async fn remove_old(replica: &RemoteReplica, keep: u32, context: &StepContext) {
    match replica.remove_old(&publisher(context), keep, now()).await {
        Ok(removed) => removed.iter().for_each(|old| context.debug(format!("removed generation {old}"))),
        Err(error) => context.warn(format!("old generations stay until the next publish: {error}")),
    }
}

async fn take_turn<'r>(replica: &'r RemoteReplica, context: &StepContext) -> Result<Turn<'r>, Failure> {
    replica.turn(&publisher(context), &context.stop, |words| context.info(words)).await
}

/// Does `work` while nobody else changes the replica.
async fn in_turn<T>(
    mut turn: Turn<'_>,
    context: &StepContext,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let done = turn.hold(work).await;
    if let Err(error) = turn.give_back().await {
        context.warn(format!("the turn stays until somebody takes it over: {error}"));
    }
    done
}

fn publisher(context: &StepContext) -> Publisher {
    Publisher { run: context.run, step: context.step_id.clone(), attempt: context.attempt }
}
