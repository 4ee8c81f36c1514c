//! The report protocol: create, poll until it is ready, download, delete.
//!
//! A server that answers `200` with nothing when it is asked too early is not believed: only the poll's `until` says
//! that a report is ready. What was created is deleted whatever happens after: a failure, a timeout, a stop. Only what
//! was created is: the id comes from the answer to `create`, nothing is listed and nothing is guessed.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::http::{download, rendered};
use crate::domain::code::Code;
use crate::domain::failure::{Failure, FailureClass, Side};
use crate::domain::progress::Progress;
use crate::domain::step::{HttpSource, Poll, Report};
use crate::domain::template::Scope;
use crate::fetch::{Client, Download, FetchError, FetchErrorKind};
use crate::steps::StepContext;
use crate::steps::spool::Spool;

/// How long a deletion, or a creation that was under way, may take when the step is stopped.
const LAST_PATIENCE: Duration = Duration::from_secs(10);

/// Makes a report, waits for it, downloads it and deletes it.
pub(super) async fn fetch(
    report: &Report,
    source: &HttpSource,
    client: &Client,
    spool: &Spool,
    context: &StepContext,
) -> Result<Download, Failure> {
    let create = rendered(&report.create, &context.scope)?;
    context.host.progress(Progress::phase("creating the report"));
    let answer = created(client.json(&create), context).await?.map_err(FetchError::failure)?;
    let mut scope = context.scope.clone();
    scope.local.insert("report".to_owned(), answer);
    context.info(format!("created a report: {}", create.shown()));
    let fetched = async {
        wait(&report.poll, &mut scope.clone(), client, context).await?;
        download(source, client, &scope, spool, context).await
    };
    let result = Box::pin(fetched).await;
    delete(report, &scope, client, context).await;
    result
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

/// Polls until the report is ready.
async fn wait(poll: &Poll, scope: &mut Scope, client: &Client, context: &StepContext) -> Result<(), Failure> {
    let request = rendered(&poll.request, scope)?;
    let deadline = Instant::now() + poll.timeout;
    let mut looks = 0_u64;
    loop {
        looks += 1;
        context.host.progress(Progress::phase(format!("waiting for the report (look {looks})")));
        let mut pause = poll.every;
        let last;
        match context.unless_stopped(client.json(&request)).await? {
            Ok(answer) => {
                last = format!("its last word: {}", shown(&answer));
                // Asked too early, servers say `[]` or `null`: that is no state, and `until` can't be asked of it.
                let is_state = answer.is_object();
                scope.local.insert("poll".to_owned(), answer);
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

/// Deletes what was created. A failure is told but changes nothing: the data is here, or the error that matters is.
async fn delete(report: &Report, scope: &Scope, client: &Client, context: &StepContext) {
    let Some(request) = &report.delete else { return };
    let request = match rendered(request, scope) {
        Ok(request) => request,
        Err(failure) => return context.warn(format!("the report was not deleted: {failure}")),
    };
    match timeout(LAST_PATIENCE, client.tell(&request)).await {
        Ok(Ok(())) => context.info(format!("deleted the report: {}", request.shown())),
        Ok(Err(FetchError { kind: FetchErrorKind::Status(404 | 410), .. })) => {
            context.info(format!("the report is gone already: {}", request.shown()));
        }
        Ok(Err(error)) => context.warn(format!("the report was not deleted: {error}")),
        Err(_) => context.warn(format!("the report was not deleted in time: {}", request.shown())),
    }
}

fn shown(answer: &serde_json::Value) -> String {
    let text = answer.to_string();
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
