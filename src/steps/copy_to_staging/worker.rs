//! A worker: one session on each side, and tasks until there are none left.
//!
//! Workers share nothing but the list of what is left. The first that fails stops the others; each ends its own
//! sessions, whatever happened.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::postgres::{PgError, Relay, RelayError, Server, Session};
use crate::steps::reading::streams;
use crate::steps::{StepContext, session};

use super::table::Table;
use super::work::{Task, Work};
use super::{checksum, table};
use crate::steps::reading::meter::Meter;
use crate::steps::reading::rate::Copied;
use crate::steps::reading::snapshot::{LIMITS, SETTINGS};

/// Commits work on a hidden table without waiting for the disk: the commit that makes it visible waits for all that was
/// written before it.
const COMMIT: &str = "set local synchronous_commit = off; commit";

/// What all workers of an attempt share.
pub(super) struct Job {
    /// The attempt; its stop signal is that of the workers, which the first failure fires.
    pub(super) context: StepContext,
    /// Where the rows go.
    pub(super) to: Server,
    pub(super) tables: Vec<Table>,
    pub(super) meter: Meter,
    work: Mutex<Work>,
    wake: Notify,
}

impl Job {
    /// A job of which everything is left.
    pub(super) fn new(context: StepContext, to: Server, tables: Vec<Table>, meter: Meter, work: Work) -> Self {
        Self { context, to, tables, meter, work: Mutex::new(work), wake: Notify::new() }
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next task; `None` once everything is done. Waits while others do what it builds on.
    async fn next(&self, source: &mut Option<Session>) -> Result<Option<Task>, Failure> {
        loop {
            let woken = self.wake.notified();
            let mut woken = std::pin::pin!(woken);
            // Before the look: whoever finishes something meanwhile wakes us.
            woken.as_mut().enable();
            let (task, finished, source_done) = {
                let mut work = self.work();
                (work.take(source.is_some()), work.finished(), work.source_done())
            };
            if source_done && let Some(source) = source.take() {
                // Nothing was changed there; ending the session lets the snapshot go.
                source.close().await;
            }
            if task.is_some() || finished {
                return Ok(task);
            }
            self.context.unless_stopped(woken).await?;
        }
    }
}

/// Works until everything is done. Without a session on the source it does what needs none.
pub(super) async fn work(job: Arc<Job>, mut source: Option<Session>, number: usize) -> Result<(), Failure> {
    let mut target = None;
    let result = Box::pin(tasks(&job, &mut source, &mut target, number)).await;
    if result.is_err() {
        job.context.stop.cancel();
    }
    let end = async |session: Option<Session>| {
        if let Some(session) = session {
            session::end(session, &result, &job.context).await;
        }
    };
    tokio::join!(end(source), end(target));
    result
}

async fn tasks(
    job: &Job,
    source: &mut Option<Session>,
    target: &mut Option<Session>,
    number: usize,
) -> Result<(), Failure> {
    while let Some(task) = job.next(source).await? {
        if target.is_none() {
            let role = streams::role("target", number);
            let opened = target.insert(session::open(&job.to, &role, Side::Target, &job.context).await?);
            let prepare = opened.execute(LIMITS, "preparing the session");
            opened.run_until(&job.context.stop, Side::Target, prepare).await?;
        }
        let Some(target) = target.as_ref() else { return Err(Failure::bug("a session that was opened is gone")) };
        match (task, source.as_ref()) {
            (Task::Load { table, part }, Some(source)) => load(job, table, part, source, target).await?,
            (Task::Compare { table }, Some(source)) => compare(job, table, source, target).await?,
            (Task::Build { table, stage, thing }, _) => {
                let deferred = &job.tables[table].staging.stages[stage][thing];
                job.context.debug(format!("{}: {}", deferred.doing(), deferred.sql()));
                on_target(job, table, target, deferred.run(target)).await?;
            }
            (Task::Analyze { table }, _) => {
                let staging = &job.tables[table].staging;
                let analyze = format!("begin; {SETTINGS}; {}; {COMMIT}", table::analyze(&staging.new_name()));
                on_target(job, table, target, async {
                    target.execute(&analyze, format!("analyzing {}", staging.table)).await.map(drop)
                })
                .await?;
            }
            (Task::Load { .. } | Task::Compare { .. }, None) => {
                return Err(Failure::bug("a worker without a source was given a task that reads"));
            }
        }
        job.work().done(task);
        job.wake.notify_waiters();
    }
    Ok(())
}

async fn on_target<T>(
    job: &Job,
    table: usize,
    target: &Session,
    work: impl Future<Output = Result<T, PgError>>,
) -> Result<T, Failure> {
    let staging = &job.tables[table].staging;
    let work = async { work.await.map_err(|error| staging.speak(error)) };
    target.run_until(&job.context.stop, Side::Target, work).await
}

/// Copies one part of a table and commits it.
async fn load(job: &Job, index: usize, part: usize, source: &Session, target: &Session) -> Result<(), Failure> {
    let table = &job.tables[index];
    let flow = job.meter.begin(index);
    on_target(
        job,
        index,
        target,
        target.execute(&table.begin(), format!("making a new table for {}", table.staging.table)),
    )
    .await?;
    let (out, into) = (table.copy_out(part), table.copy_in());
    job.context.debug(format!("{out} → {into}"));
    let relay = Relay { source, out: &out, target, into: &into, flow: &flow };
    let relayed = job.context.unless_stopped(Box::pin(relay.run())).await?.map_err(|error| both(error, table))?;
    if relayed.read != relayed.written {
        let message =
            format!("read {} rows of {}, but the target wrote {}", relayed.read, table.source.name, relayed.written);
        return Err(Failure::permanent(Code::CopyCount, Side::Target, message));
    }
    on_target(job, index, target, target.execute(COMMIT, "committing the new table")).await?;
    job.meter.end(index, &flow, Copied { rows: relayed.written, bytes: relayed.bytes });
    Ok(())
}

/// What broke, the cause first. Nothing that was said is left out.
fn both(error: RelayError, table: &Table) -> Failure {
    let source = error.source.map(|error| error.on(Side::Source));
    let target = error.target.map(|error| table.staging.speak(error).on(Side::Target));
    let (first, second) = if error.first == Side::Source { (source, target) } else { (target, source) };
    match (first, second) {
        (Some(mut first), Some(second)) => {
            first.message =
                format!("{}; then the {} failed too: {}", first.message, second.side.label(), second.message);
            first
        }
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => Failure::bug("a relay failed without an error"),
    }
}

async fn compare(job: &Job, index: usize, source: &Session, target: &Session) -> Result<(), Failure> {
    let table = &job.tables[index];
    let doing = format!("computing the checksum of {}", table.source.name);
    let query = table.source.rows.query();
    let theirs = source.run_until(&job.context.stop, Side::Source, checksum::of(source, &query, &doing));
    let ours = on_target(job, index, target, async {
        target.execute(&format!("begin; {SETTINGS}"), doing.as_str()).await?;
        let checksum = checksum::of(target, &table.staging.query(), &doing).await?;
        target.execute("commit", doing.as_str()).await?;
        Ok(checksum)
    });
    let (theirs, ours) = tokio::try_join!(theirs, ours)?;
    checksum::compare(&table.source.name, &theirs, &ours)
}
