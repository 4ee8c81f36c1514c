//! Streams: sessions that read side by side, and the wait for those who work with them.

use tokio::task::JoinSet;

use crate::domain::failure::Failure;
use crate::postgres::{Server, Session};
use crate::steps::{StepContext, StopSignal, session};

use super::meter::Meter;
use super::snapshot::Snapshot;

/// The role of one of several sessions: `source`, `source-1`, `source-2`.
pub(in crate::steps) fn role(kind: &str, number: usize) -> String {
    if number == 0 { kind.to_owned() } else { format!("{kind}-{number}") }
}

/// So many sessions that see the snapshot, its own the first.
pub(in crate::steps) async fn open(
    snapshot: Snapshot,
    from: &Server,
    streams: usize,
    context: &StepContext,
) -> Result<Vec<Session>, Failure> {
    let mut sessions = Vec::with_capacity(streams);
    for number in 1..streams {
        match snapshot.join(from, &role("source", number), context).await {
            Ok(session) => sessions.push(session),
            Err(failure) => {
                for session in sessions.into_iter().chain([snapshot.session]) {
                    session::stop(session, context).await;
                }
                return Err(failure);
            }
        }
    }
    sessions.insert(0, snapshot.session);
    Ok(sessions)
}

/// Waits for all workers, telling how far they are; the first failure is the one that counts. A worker that fails fires
/// `stop`, which is that of the workers alone.
pub(in crate::steps) async fn finish(
    mut workers: JoinSet<Result<(), Failure>>,
    meter: &Meter,
    stop: &StopSignal,
    context: &StepContext,
) -> Result<(), Failure> {
    let mut failed: Option<Failure> = None;
    {
        let mut telling = std::pin::pin!(meter.tell(context));
        loop {
            let ended = tokio::select! {
                ended = workers.join_next() => ended,
                told = &mut telling => match told {},
            };
            let failure = match ended {
                None => break,
                Some(Ok(Ok(()))) => continue,
                Some(Ok(Err(failure))) => failure,
                Some(Err(panic)) => {
                    stop.cancel();
                    Failure::bug(format!("a stream of the copy ended: {panic}"))
                }
            };
            // Those that were stopped because of the first have nothing to say.
            let only_stopped = failure == Failure::stopped();
            if failed.is_none() || failed.as_ref() == Some(&Failure::stopped()) && !only_stopped {
                failed = Some(failure);
            }
        }
    }
    meter.observe(context);
    failed.map_or(Ok(()), Err)
}
