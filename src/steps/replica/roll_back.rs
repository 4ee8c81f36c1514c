//! Going back to an earlier generation, once it is known to be whole.

use tokio_util::sync::CancellationToken;

use chrono::{DateTime, Utc};

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::replica::Manifest;

use super::layout::Layout;
use super::lock::PublishLock;
use super::refusal::refused;
use super::show::{finish, show_again};
use super::state::State;
use super::verify;

/// Makes a generation that stayed the replica again: the one that stood there before, or `to`. It is verified first.
pub async fn roll_back(
    layout: &Layout,
    to: Option<u64>,
    now: DateTime<Utc>,
    stop: &CancellationToken,
    waiting: impl FnOnce(&str),
) -> Result<Manifest, Failure> {
    let doing = format!("going back with {}", layout.replica().display());
    let failed = |error: std::io::Error| refused(&doing, &error);
    let _lock = PublishLock::take(layout, stop, waiting).await?;
    let mut state = State::read(layout).map_err(failed)?;
    finish(layout, &mut state).map_err(failed)?;
    let from = state.manifest.as_ref().map(|manifest| manifest.generation);
    let (number, kept) = choose(&state, to, &doing)?;
    if from == Some(number) && state.shown == Some(number) {
        return Err(published_already(&state, number, &doing));
    }
    refuse_damaged(&Box::pin(verify::wrong_with(&layout.generation(number), kept, stop)).await?, number, &doing)?;
    let manifest = Manifest { published_at: now, rolled_back_from: from, ..kept.clone() };
    show_again(layout, &manifest).map_err(failed)?;
    Ok(manifest)
}

/// The generation to go back to: the one that stood there before, or `to`.
pub(super) fn choose<'s>(state: &'s State, to: Option<u64>, doing: &str) -> Result<(u64, &'s Manifest), Failure> {
    let Some(number) = to.or_else(|| state.before()) else {
        return Err(refusal(state, &format!("{doing}: no earlier generation is there")));
    };
    let kept = state.kept.get(&number);
    let kept = kept.ok_or_else(|| refusal(state, &format!("{doing}: generation {number} is not there")))?;
    Ok((number, kept))
}

/// That nothing is to be done.
pub(super) fn published_already(state: &State, number: u64, doing: &str) -> Failure {
    refusal(state, &format!("{doing}: generation {number} is the published one already"))
}

/// Refuses a generation with which something is wrong.
pub(super) fn refuse_damaged(wrong: &[String], number: u64, doing: &str) -> Result<(), Failure> {
    if wrong.is_empty() {
        return Ok(());
    }
    let message = format!("{doing}: generation {number} is damaged: {}", wrong.join("; "));
    Err(Failure::permanent(Code::ReplicaCheck, Side::Target, message)
        .with_hint("the replica stays as it was; try another generation with `--to`"))
}

/// That there is nothing to go back to, and what there is.
fn refusal(state: &State, message: &str) -> Failure {
    let kept = state.kept.keys().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let hint = if kept.is_empty() { "no generation is kept".to_owned() } else { format!("kept are {kept}") };
    Failure::permanent(Code::NotFound, Side::Target, message).with_hint(hint)
}
