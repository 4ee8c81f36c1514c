//! One attempt to make the table with enough workers: run, look, and cancel what is short.

use crate::domain::failure::{Failure, Side};
use crate::domain::observation::{CtasAttemptOutcome, Observation};
use crate::postgres::{Session, drop_hidden_tables};
use crate::steps::{StepContext, session};

use super::look::{Watched, watch};
use super::plan::{Plan, Report};
use super::query::CtasQuery;
use super::verdict::{self, Watch};

/// How an attempt ended.
pub(super) enum Ended {
    /// The hidden table is there, made by this session, with enough workers.
    Enough(Box<Session>, Report),
    /// Too few workers; query, session and table are gone.
    Short {
        /// Workers that it had.
        seen: u32,
    },
}

/// How the query itself ended.
enum Ran {
    Finished(Report),
    Cancelled { seen: u32 },
}

/// Runs one attempt, logs and counts how it ended.
pub(super) async fn run(
    query: &CtasQuery<'_>,
    number: u32,
    planned: u32,
    hidden: &str,
    monitor: &Session,
    context: &StepContext,
) -> Result<Ended, Failure> {
    let session = session::open(monitor.server(), "query", Side::Target, context).await?;
    let ran = Box::pin(execute(query, number, hidden, &session, monitor, context)).await;
    let attempt = Attempt { query, number, planned, context };
    match ran {
        Ok(Ran::Finished(report)) => {
            let outcome = verdict::of_finished(query.guarantee, report.launched);
            attempt.count(report.planned, report.launched, outcome);
            if outcome == CtasAttemptOutcome::Short {
                attempt.log_short("ended with", report.launched, "dropped");
                session.close().await;
                drop_table(hidden, monitor, context).await?;
                return Ok(Ended::Short { seen: report.launched });
            }
            attempt.log_enough(&report);
            Ok(Ended::Enough(Box::new(session), report))
        }
        Ok(Ran::Cancelled { seen }) => {
            attempt.count(planned, seen, CtasAttemptOutcome::Short);
            // What a cancel alone doesn't end is terminated, and the process is seen to be gone.
            Box::pin(session.stop()).await.map_err(|error| error.on(Side::Target))?;
            drop_table(hidden, monitor, context).await?;
            attempt.log_short("launched", seen, "cancelled");
            Ok(Ended::Short { seen })
        }
        Err(failure) => {
            if !context.stop.is_cancelled() {
                attempt.count(planned, 0, CtasAttemptOutcome::Failed);
            }
            let ended = Err(failure);
            session::end(session, &ended, context).await;
            ended
        }
    }
}

/// Runs the query while the monitor looks at it.
async fn execute(
    query: &CtasQuery<'_>,
    number: u32,
    hidden: &str,
    session: &Session,
    monitor: &Session,
    context: &StepContext,
) -> Result<Ran, Failure> {
    let asked = async {
        query.prepare(session).await?;
        query.explain(session, hidden).await
    };
    // The plan may have changed since the first look at it; watching must know the one that is about to run.
    let plan = Plan::read(&session.run_until(&context.stop, Side::Target, asked).await?)?;
    let planned = plan.costliest().map_or(0, |gather| gather.planned);
    let conclusive = plan.gathers.len() == 1 && plan.gathers.iter().all(|gather| gather.starts_at_once);
    let mut seen = Watch::new(query.guarantee, planned, number, conclusive);

    let give_up = context.stop.child_token();
    let work = async { query.create(session, hidden).await };
    let mut work = std::pin::pin!(session.run_until(&give_up, Side::Target, work));
    let watched = tokio::select! {
        biased;
        answer = &mut work => return finished(&answer?),
        watched = watch(&mut seen, session.pid(), query.guarantee, monitor, context) => watched,
    };
    if matches!(watched, Watched::Short) {
        give_up.cancel();
    }
    match work.await {
        // Also when it ended before the cancel reached it.
        Ok(answer) => finished(&answer),
        Err(_) if give_up.is_cancelled() && !context.stop.is_cancelled() => Ok(Ran::Cancelled { seen: seen.best }),
        Err(failure) => Err(failure),
    }
}

fn finished(answer: &serde_json::Value) -> Result<Ran, Failure> {
    Ok(Ran::Finished(Plan::read(answer)?.report()))
}

async fn drop_table(hidden: &str, monitor: &Session, context: &StepContext) -> Result<(), Failure> {
    let dropping = async { drop_hidden_tables(monitor, hidden).await };
    monitor.run_until(&context.stop, Side::Target, dropping).await.map(drop)
}

/// What the log and the metrics say of an attempt.
struct Attempt<'a> {
    query: &'a CtasQuery<'a>,
    number: u32,
    planned: u32,
    context: &'a StepContext,
}

impl Attempt<'_> {
    fn count(&self, planned: u32, achieved: u32, outcome: CtasAttemptOutcome) {
        let (target, minimum) = (self.query.guarantee.target, self.query.guarantee.minimum);
        self.context.host.observe(Observation::CtasAttempt { planned, achieved, target, minimum, outcome });
    }

    fn log_enough(&self, report: &Report) {
        let guarantee = self.query.guarantee;
        self.context.info(format!(
            "attempt {}/{}: launched {} of {} planned ({} wanted), {} rows",
            self.number, guarantee.attempts, report.launched, report.planned, guarantee.target, report.rows
        ));
    }

    fn log_short(&self, verb: &str, workers: u32, done: &str) {
        let guarantee = self.query.guarantee;
        let next = if self.number < guarantee.attempts {
            format!("next in {}", humantime::format_duration(guarantee.retry_delay))
        } else {
            "no attempts left".to_owned()
        };
        self.context.info(format!(
            "attempt {}/{}: {verb} {workers} of {}, {done}, {next}",
            self.number,
            guarantee.attempts,
            guarantee.target.min(self.planned)
        ));
    }
}
