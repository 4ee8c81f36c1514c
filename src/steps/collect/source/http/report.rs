//! The report protocol: create, poll until it is ready, download, delete.
//!
//! A server that answers `200` with nothing when it is asked too early is not believed: only the poll's `until` says
//! that a report is ready. What was created is deleted whatever happens after: a failure, a timeout, a stop. Only what
//! was created is: the id comes from the answer to `create`, nothing is listed and nothing is guessed.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::call::{Call, Caller};
use super::source::Expected;
use super::{leftover, pages};
use crate::domain::code::Code;
use crate::domain::failure::{Failure, FailureClass, Side};
use crate::domain::note::Note;
use crate::domain::progress::Progress;
use crate::domain::step::{HttpRequest, Poll, Report};
use crate::domain::template::Scope;
use crate::steps::StepContext;
use crate::steps::collect::source::fetch::Raw;
use crate::steps::spool::Spool;

/// How long a deletion, or a creation that was under way, may take when the step is stopped.
const LAST_PATIENCE: Duration = Duration::from_secs(10);

/// Makes a report, waits for it, downloads it and deletes it.
pub(super) async fn fetch(
    report: &Report,
    caller: &Caller<'_>,
    expected: &Expected,
    spool: &Spool,
) -> Result<Raw, Failure> {
    let context = caller.context;
    if let Some(delete) = &report.delete {
        Box::pin(leftover::sweep(delete, caller)).await?;
    }
    let answer = create(report, caller).await?;
    let mut scope = context.scope.clone();
    scope.local.insert("report".to_owned(), answer.clone());
    let fetched = async {
        wait(&report.poll, &mut scope.clone(), caller).await?;
        pages::fetch(caller, &scope, (expected, None), spool).await
    };
    let Some(delete) = &report.delete else { return Box::pin(fetched).await };
    let note = leftover::note_of(delete, &answer, (context.run, context.attempt), &context.scope);
    let result = Box::pin(noted(&note, context, fetched)).await;
    if Box::pin(removed(delete, &scope, caller)).await {
        forget(&note, context).await;
    }
    result
}

/// Has the server make the report. What it answers is what later requests know it by.
async fn create(report: &Report, caller: &Caller<'_>) -> Result<serde_json::Value, Failure> {
    let context = caller.context;
    context.host.progress(Progress::phase("creating the report"));
    let mut tries = caller.tries(Call::plain(&report.create, &context.scope));
    loop {
        let request = context.unless_stopped(tries.next()).await??;
        match created(caller.client.json(&request), context).await? {
            Ok(answer) => {
                context.info(format!("created a report: {}", request.shown()));
                return Ok(answer);
            }
            Err(error) => tries.failed(error).await?,
        }
    }
}

/// Does the work while the note is being written: the report goes on being made whether or not the state database is
/// there, and a note is only needed once somebody else has to clean up. A write that is under way when the work ends is
/// waited for: given up, it could still reach the database, after its removal.
async fn noted<T>(note: &Note, context: &StepContext, work: impl Future<Output = T>) -> T {
    let write = async {
        if let Err(failure) = context.host.note(&note.name, note.value.clone()).await {
            context.warn(format!("there is no note of the report, so a crash would leave it: {failure}"));
        }
    };
    let (mut write, mut work) = (std::pin::pin!(write), std::pin::pin!(work));
    tokio::select! {
        biased;
        () = &mut write => work.await,
        result = &mut work => {
            // In vain, the note is one of a report that is gone, which the next attempt sees.
            drop(timeout(LAST_PATIENCE, write).await);
            result
        }
    }
}

/// Removes the note of a report that is gone. One that stays is found by the next attempt, which sees that the report is
/// gone.
async fn forget(note: &Note, context: &StepContext) {
    if let Ok(Err(failure)) = timeout(LAST_PATIENCE, context.host.forget(note)).await {
        context.warn(format!("the note of the report was not removed: {failure}"));
    }
}

/// Waits for the answer to `create`. A stop is no reason to give up at once: a report that is made meanwhile could not
/// be deleted.
async fn created<T>(answer: impl Future<Output = T>, context: &StepContext) -> Result<T, Failure> {
    let mut answer = std::pin::pin!(answer);
    tokio::select! {
        biased;
        answer = &mut answer => return Ok(answer),
        () = context.stop.cancelled() => {}
    }
    timeout(LAST_PATIENCE, answer).await.map_err(|_| {
        context.warn("stopped while a report was being created; if the server made it, it is still there");
        Failure::stopped()
    })
}

/// Polls until the report is ready. A look that fails is not tried again by itself: the next look is.
async fn wait(poll: &Poll, scope: &mut Scope, caller: &Caller<'_>) -> Result<(), Failure> {
    let context = caller.context;
    let deadline = Instant::now() + poll.timeout;
    let mut looks = 0_u64;
    loop {
        looks += 1;
        context.host.progress(Progress::phase(format!("waiting for the report (look {looks})")));
        let mut pause = poll.every;
        let last;
        let request = context.unless_stopped(caller.admitted(Call::plain(&poll.request, scope))).await??;
        match context.unless_stopped(caller.client.json(&request)).await? {
            Ok(answer) => {
                last = format!("its last word: {}", shown(&answer));
                // Asked too early, servers say `[]` or `null`: that is no state, and `until` can't be asked of it.
                let is_state = answer.is_object();
                scope.local.insert("poll".to_owned(), answer);
                if is_state && has_failed(poll, scope)? {
                    let message = format!("{}: the report will not be ready; {last}", request.shown());
                    return Err(Failure::permanent(Code::ReportNotReady, Side::Source, message)
                        .with_hint("`poll.failed_if` says so; ask the server why it could not make the report"));
                }
                if is_state && scope.holds(&poll.until)? {
                    context.info(format!("the report is ready after {looks} looks"));
                    return Ok(());
                }
                context.debug(format!("the report is not ready; {last}"));
            }
            Err(error) => {
                let asked = error.retry_after;
                let failure = error.failure();
                if failure.class != FailureClass::Transient {
                    return Err(failure);
                }
                // The report goes on being made whether or not one look at it fails.
                context.warn(format!("looking whether the report is ready: {failure}"));
                last = failure.message;
                pause = asked.map_or(pause, |asked| asked.max(pause));
            }
        }
        if Instant::now() + pause > deadline {
            let waited = humantime::format_duration(poll.timeout);
            let message = format!("{}: the report was not ready within {waited}; {last}", request.shown());
            return Err(Failure::new(Code::ReportNotReady, FailureClass::Timeout, Side::Source, message)
                .with_hint("raise poll.timeout, or check poll.until against what the server says"));
        }
        context.unless_stopped(sleep(pause)).await?;
    }
}

/// Whether the server says that it could not make the report.
fn has_failed(poll: &Poll, scope: &Scope) -> Result<bool, Failure> {
    poll.failed_if.as_ref().map_or(Ok(false), |failed_if| scope.holds(failed_if))
}

/// Deletes what was created, and says whether it is gone. A failure is told but changes nothing: the data is here, or the
/// error that matters is.
async fn removed(delete: &HttpRequest, scope: &Scope, caller: &Caller<'_>) -> bool {
    let context = caller.context;
    match timeout(LAST_PATIENCE, leftover::deleted(delete, scope, caller)).await {
        Ok(Ok(how)) => {
            context.info(how);
            return true;
        }
        Ok(Err(failure)) => context.warn(format!("the report was not deleted: {}", failure.message)),
        Err(_) => context.warn("the report was not deleted in time"),
    }
    false
}

fn shown(answer: &serde_json::Value) -> String {
    let text = answer.to_string();
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
