//! The stream itself: a relay between the two sessions, watched.
//!
//! The relay keeps a few buffers, stops reading when the target stalls, and hears a refused row at once.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::observation::Observation;
use crate::domain::progress::Progress;
use crate::postgres::{Flow, PgError, Relay, RelayError};
use crate::steps::StepContext;

use super::Sessions;
use super::source::Source;
use super::staging::Staging;

/// How often progress is told.
const TELL: Duration = Duration::from_millis(200);

/// What was copied.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Copied {
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

/// Copies all rows, checks the counts of both sides, and commits the filled table under its hidden name.
pub(super) async fn copy(
    source: &Source,
    staging: &Staging,
    hidden: &str,
    sessions: &Sessions,
    context: &StepContext,
) -> Result<Copied, Failure> {
    let format = staging.format.label();
    let out = format!("copy (\n{}\n) to stdout (format {format})", source.query);
    let into =
        format!("copy {} ({}) from stdin (format {format}, freeze)", staging.beside(hidden), staging.column_list);
    let flow = Flow::default();
    let mut meter = Meter::new(source, context);
    let relay = Relay { source: &sessions.source, out: &out, target: &sessions.target, into: &into, flow: &flow };
    let relayed = tokio::select! {
        biased;
        () = context.stop.cancelled() => return Err(Failure::stopped()),
        relayed = Box::pin(relay.run()) => relayed,
        () = meter.watch(&flow) => return Err(Failure::bug("the watch over a copy ended")),
    };
    meter.tell(&flow);
    let relayed = relayed.map_err(|error| failure(error, source, staging, hidden))?;
    let copied = Copied { rows: relayed.read, bytes: relayed.bytes };
    commit(copied, relayed.written, source, sessions, context).await?;
    Ok(copied)
}

/// The failure of the side that was the cause, with the other's words added if it failed too.
fn failure(error: RelayError, source: &Source, staging: &Staging, hidden: &str) -> Failure {
    let reading = format!("copying out of {}", source.name);
    let writing = format!("copying into {}", staging.beside(hidden));
    let from_source = error.source.map(|error| PgError { doing: reading, ..error }.on(Side::Source));
    let from_target =
        error.target.map(|error| staging.speak(PgError { doing: writing, ..error }, hidden).on(Side::Target));
    match (error.first, from_source, from_target) {
        (Side::Source, Some(first), Some(second)) => joined(first, &second, "target"),
        (_, Some(second), Some(first)) => joined(first, &second, "source"),
        (_, Some(only), None) | (_, None, Some(only)) => only,
        (_, None, None) => Failure::bug("a copy failed on neither side"),
    }
}

fn joined(mut first: Failure, second: &Failure, side: &str) -> Failure {
    first.message = format!("{}; then the {side} failed too: {}", first.message, second.message);
    first
}

/// Ends both transactions once it is clear that every row has arrived.
async fn commit(
    copied: Copied,
    written: u64,
    source: &Source,
    sessions: &Sessions,
    context: &StepContext,
) -> Result<(), Failure> {
    let done = sessions.source.execute("commit", "ending the snapshot");
    sessions.source.run_until(&context.stop, Side::Source, done).await?;
    if copied.rows != written {
        let message = format!("read {} rows of {}, but the target wrote {written}", copied.rows, source.name);
        return Err(Failure::permanent(Code::CopyCount, Side::Target, message));
    }
    let done = sessions.target.execute("commit", "committing the new table");
    sessions.target.run_until(&context.stop, Side::Target, done).await?;
    Ok(())
}

/// Counts, and tells the engine every now and then.
struct Meter<'a> {
    copied: Copied,
    told: Copied,
    phase: String,
    rows_expected: Option<u64>,
    context: &'a StepContext,
}

impl<'a> Meter<'a> {
    fn new(source: &Source, context: &'a StepContext) -> Self {
        let phase = format!("copying {}", source.name);
        let (copied, told) = (Copied::default(), Copied::default());
        let meter = Self { copied, told, phase, rows_expected: source.rows_expected, context };
        meter.progress();
        meter
    }

    /// Tells what the flow says, again and again.
    async fn watch(&mut self, flow: &Flow) {
        let mut ticks = interval(TELL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.tell(flow);
        }
    }

    fn tell(&mut self, flow: &Flow) {
        self.copied = Copied { rows: flow.rows(), bytes: flow.bytes() };
        self.observe();
        self.progress();
    }

    fn progress(&self) {
        self.context.host.progress(Progress {
            phase: self.phase.clone(),
            rows: Some(self.copied.rows),
            rows_expected: self.rows_expected,
            bytes: Some(self.copied.bytes),
            bytes_expected: None,
        });
    }

    fn observe(&mut self) {
        let (rows, bytes) = (self.copied.rows.saturating_sub(self.told.rows), self.copied.bytes - self.told.bytes);
        self.context.host.observe(Observation::Copied { rows, bytes });
        self.told = self.copied;
    }
}
