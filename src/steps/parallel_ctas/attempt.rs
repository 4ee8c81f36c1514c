//! One attempt to make the table with enough workers: run, look, and cancel what is short.

use std::time::{Duration, Instant};

use crate::domain::failure::{Failure, Side};
use crate::domain::observation::CtasAttemptOutcome;
use crate::domain::step::CtasStep;
use crate::postgres::{PgError, Session, is_worker_guard, worker_guard};
use crate::steps::{StepContext, session};

use super::look::{Watched, watch};
use super::plan::Plan;
use super::slots::SlotWait;
use super::statement::{Answer, Statement};
use super::table_setting::TableSetting;
use super::tuning::Tuned;
use super::verdict::{self, Watch};

/// Longest time that a step keeps its turn after its query was sent. A Gather that starts later must not keep others from
/// slots that it doesn't use yet.
const KEEP_TURN: Duration = Duration::from_secs(10);

/// What an attempt needs to know.
#[derive(Clone, Copy)]
pub(super) struct Attempt<'a> {
    pub(super) step: &'a CtasStep,
    pub(super) statement: &'a Statement,
    pub(super) tuned: &'a Tuned,
    /// The table's name for now.
    pub(super) hidden: &'a str,
    /// The plan that is about to run.
    pub(super) plan: &'a Plan,
    /// Whether it is the last one.
    pub(super) last: bool,
    /// Workers that are possible and wanted.
    pub(super) wanted: u32,
    /// Free slots without which the query isn't started.
    pub(super) guard: Option<u32>,
}

/// How an attempt ended.
pub(super) enum Ended {
    /// The hidden table is there, made by this session, with enough workers.
    Enough(Box<Session>, Made),
    /// Too few workers; query, session and table are gone.
    Short {
        /// Workers that it had.
        workers: u32,
        /// Whether it was cancelled; else it ran to its end.
        cancelled: bool,
    },
    /// Somebody else took the slots at the last moment; nothing was run.
    SlotsTaken,
}

/// A table that was made.
pub(super) struct Made {
    /// Its rows.
    pub(super) rows: u64,
    /// Workers of the costliest Gather, or the most that were seen; `None` if nothing is known.
    pub(super) workers: Option<u32>,
    /// What the attempt is.
    pub(super) outcome: CtasAttemptOutcome,
    /// Its plan.
    pub(super) plan: Plan,
}

/// How the query itself ended.
enum Ran {
    Finished { answer: Answer, seen: u32 },
    Cancelled { seen: u32 },
    SlotsTaken,
}

impl Attempt<'_> {
    /// Runs the attempt.
    pub(super) async fn run(
        self,
        session: Session,
        monitor: &Session,
        wait: &mut SlotWait,
        context: &StepContext,
    ) -> Result<Ended, Failure> {
        let ran = Box::pin(self.execute(&session, monitor, wait, context)).await;
        wait.give_back(context).await;
        match ran {
            Ok(Ran::Finished { answer, seen }) => {
                let made = self.judge(answer, seen, context);
                if made.outcome == CtasAttemptOutcome::Short {
                    Box::pin(session.stop()).await.map_err(|error| error.on(Side::Target))?;
                    return Ok(Ended::Short { workers: made.workers.unwrap_or(0), cancelled: false });
                }
                match self.commit(&session, context).await {
                    Ok(()) => Ok(Ended::Enough(Box::new(session), made)),
                    Err(failure) => {
                        let failed = Err(failure);
                        session::end(session, &failed, context).await;
                        failed
                    }
                }
            }
            Ok(Ran::Cancelled { seen }) => {
                // What a cancel alone doesn't end is terminated, and the process is seen to be gone.
                Box::pin(session.stop()).await.map_err(|error| error.on(Side::Target))?;
                Ok(Ended::Short { workers: seen, cancelled: true })
            }
            Ok(Ran::SlotsTaken) => {
                session.close().await;
                Ok(Ended::SlotsTaken)
            }
            Err(failure) => {
                let ended = Err(failure);
                session::end(session, &ended, context).await;
                ended
            }
        }
    }

    /// Ends the transaction that the statement was sent in, if it was.
    async fn commit(&self, session: &Session, context: &StepContext) -> Result<(), Failure> {
        let Some(table) = &self.tuned.table else { return Ok(()) };
        let after = table.after();
        let committing = session.execute(&after, "committing the new table");
        session.run_until(&context.stop, Side::Target, committing).await.map(drop)
    }

    fn judge(&self, answer: Answer, seen: u32, context: &StepContext) -> Made {
        let guarantee = &self.step.workers;
        let rows = answer.rows;
        if let Some(plan) = answer.plan {
            let workers = plan.launched();
            return Made { rows, workers, outcome: verdict::of_finished(guarantee, workers), plan };
        }
        if seen == 0 {
            context.warn(
                "the query ended before anyone saw its workers, so nothing is known of them; measure: exact would tell",
            );
        }
        let workers = (seen > 0).then_some(seen);
        // A sample is a lower bound: it can show that there were enough, never that there weren't.
        let outcome = match verdict::of_finished(guarantee, workers) {
            CtasAttemptOutcome::Short => CtasAttemptOutcome::MinimumMet,
            outcome => outcome,
        };
        Made { rows, workers, outcome, plan: self.plan.clone() }
    }

    /// Runs the query while the monitor looks at it.
    async fn execute(
        &self,
        session: &Session,
        monitor: &Session,
        wait: &mut SlotWait,
        context: &StepContext,
    ) -> Result<Ran, Failure> {
        let plan = self.plan;
        let mut seen = Watch::new(&self.step.workers, self.wanted, self.last, plan);
        let give_up = context.stop.child_token();
        let work = self.send(session);
        let mut work = std::pin::pin!(session.run_until(&give_up, Side::Target, work));
        let sent = Instant::now();
        let looking = async {
            let watching = watch(&mut seen, session.pid(), &self.step.workers, monitor, context);
            let mut watching = std::pin::pin!(watching);
            if let Ok(watched) = tokio::time::timeout_at((sent + KEEP_TURN).into(), &mut watching).await {
                return watched;
            }
            wait.give_back(context).await;
            watching.await
        };
        let watched = tokio::select! {
            biased;
            answer = &mut work => return Ok(finished(answer?, seen.best)),
            watched = looking => watched,
        };
        wait.give_back(context).await;
        if watched == Watched::Short {
            give_up.cancel();
        }
        match work.await {
            // Also when it ended before the cancel reached it.
            Ok(answer) => Ok(finished(answer, seen.best)),
            Err(_) if give_up.is_cancelled() && !context.stop.is_cancelled() => Ok(Ran::Cancelled { seen: seen.best }),
            Err(failure) => Err(failure),
        }
    }

    /// Sends the statement with everything that belongs before it. `None`: the guard stopped it.
    async fn send(&self, session: &Session) -> Result<Option<Answer>, PgError> {
        let mut before = self.tuned.table.as_ref().map(TableSetting::before).unwrap_or_default();
        if let Some(needed) = self.guard {
            before = format!("{before}{}; ", worker_guard(needed));
        }
        match self.statement.make(session, self.hidden, &before, self.step.measure).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if is_worker_guard(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn finished(answer: Option<Answer>, seen: u32) -> Ran {
    answer.map_or(Ran::SlotsTaken, |answer| Ran::Finished { answer, seen })
}

/// Opens the session that will run the query, prepares it, and asks once more for the plan: it may have changed since.
pub(super) async fn open(
    statement: &Statement,
    tuned: &Tuned,
    hidden: &str,
    monitor: &Session,
    context: &StepContext,
) -> Result<(Session, Plan), Failure> {
    let session = session::open(monitor.server(), "query", Side::Target, context).await?;
    let preparing = async {
        session.execute(&tuned.statements(), "setting what the plan needs").await?;
        match &tuned.table {
            // Its setting is there in the query's own transaction only.
            Some(_) => Ok(tuned.plan.clone()),
            None => statement.explain(&session, hidden).await,
        }
    };
    match session.run_until(&context.stop, Side::Target, preparing).await {
        Ok(plan) => Ok((session, plan)),
        Err(failure) => {
            let failed = Err(failure);
            session::end(session, &failed, context).await;
            failed
        }
    }
}
