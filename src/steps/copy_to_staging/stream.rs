//! The stream itself: rows out of the source, chunks into the target, never more than a few chunks in memory.
//!
//! Back-pressure comes for free: a chunk is fed only when the target's socket took the one before, and a row is read
//! only when the chunk has room. The server's answer to a refused row would be read at the very end only, so another
//! session watches whether the target's transaction has failed.

use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, TryStreamExt};
use tokio::time::{Instant, sleep};
use tokio_postgres::{CopyInSink, CopyOutStream};

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::observation::Observation;
use crate::domain::progress::Progress;
use crate::postgres::{PgError, Session};
use crate::steps::StepContext;

use super::Sessions;
use super::source::Source;
use super::staging::{Format, Staging};

/// Rows are gathered up to this size: the driver passes on each message by itself, and one per row costs ten times as
/// much. Larger chunks gain nothing and cost memory.
const CHUNK: usize = 256 * 1024;

/// How often progress is told.
const TELL: Duration = Duration::from_millis(200);

/// How often it is looked whether the target still takes rows.
const WATCH: Duration = Duration::from_millis(500);

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
    let reading = || format!("copying out of {}", source.name);
    let writing = || format!("copying into {}", staging.beside(hidden));
    let from_source = |error: tokio_postgres::Error| PgError::new(reading(), &error).on(Side::Source);
    let from_target =
        |error: tokio_postgres::Error| staging.speak(PgError::new(writing(), &error), hidden).on(Side::Target);

    let sink = context.unless_stopped(sessions.target.client().copy_in(&into)).await?.map_err(from_target)?;
    let rows = context.unless_stopped(sessions.source.client().copy_out(&out)).await?.map_err(from_source)?;
    let (mut sink, mut rows) = (Box::pin(sink), Box::pin(rows));
    let mut meter = Meter::new(source, context);
    let broken = tokio::select! {
        biased;
        () = context.stop.cancelled() => return Err(Failure::stopped()),
        pumped = pump(rows.as_mut(), sink.as_mut(), &mut meter) => pumped.err(),
        () = refused(&sessions.monitor, sessions.target.pid()) => Some(Broken::Refused),
    };
    let written = match broken {
        None => context.unless_stopped(sink.as_mut().finish()).await?.map_err(from_target)?,
        Some(Broken::Target(error)) => return Err(from_target(error)),
        // The target's answer is waiting there, whatever the source still has.
        Some(Broken::Refused) => match context.unless_stopped(sink.as_mut().finish()).await? {
            Err(error) => return Err(from_target(error)),
            Ok(_) => return Err(Failure::bug("the target refused a row and then took it")),
        },
        Some(Broken::Source(error)) => {
            let failure = from_source(error);
            return Err(both(failure, sink, sessions, from_target).await);
        }
    };
    // Each message is a row, but for the binary format's last: its end mark.
    let copied = meter.finish(u64::from(staging.format == Format::Binary));
    commit(copied, written, source, sessions, context).await?;
    Ok(copied)
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

/// Why the stream broke.
enum Broken {
    Source(tokio_postgres::Error),
    Target(tokio_postgres::Error),
    /// The target's transaction has failed; its answer is still to be read.
    Refused,
}

/// Moves rows until the source has no more.
async fn pump(
    mut rows: Pin<&mut CopyOutStream>,
    mut sink: Pin<&mut CopyInSink<Bytes>>,
    meter: &mut Meter<'_>,
) -> Result<(), Broken> {
    let mut chunk = BytesMut::with_capacity(CHUNK);
    while let Some(row) = rows.try_next().await.map_err(Broken::Source)? {
        if !chunk.is_empty() && chunk.len() + row.len() > CHUNK {
            let full = std::mem::replace(&mut chunk, BytesMut::with_capacity(CHUNK));
            sink.feed(full.freeze()).await.map_err(Broken::Target)?;
            meter.tell();
        }
        meter.copied.rows += 1;
        meter.copied.bytes += row.len() as u64;
        chunk.extend_from_slice(&row);
    }
    sink.feed(chunk.freeze()).await.map_err(Broken::Target)
}

/// Returns when the session of that process takes no more rows: its transaction has failed, or it is gone.
async fn refused(monitor: &Session, pid: i32) {
    loop {
        sleep(WATCH).await;
        match in_transaction(monitor, pid).await {
            Ok(true) => {}
            Ok(false) => return,
            // A lost watcher is no reason to fail: the stream itself will tell, if later.
            Err(_) => std::future::pending().await,
        }
    }
}

/// Whether the transaction that made the hidden table is still going on. Its state won't say: a session that has failed
/// in the middle of a COPY counts as active until the client, too, is done with it. But it has lost its transaction.
async fn in_transaction(monitor: &Session, pid: i32) -> Result<bool, PgError> {
    let look = "select 1 from pg_stat_activity where pid = $1 and backend_xid is not null";
    Ok(monitor.query_opt(look, &[&pid], "watching the copy").await?.is_some())
}

/// The failure of the source; where the target had failed before it, that one, with the source's words added.
async fn both(
    failure: Failure,
    mut sink: Pin<Box<CopyInSink<Bytes>>>,
    sessions: &Sessions,
    from_target: impl Fn(tokio_postgres::Error) -> Failure,
) -> Failure {
    if in_transaction(&sessions.monitor, sessions.target.pid()).await.unwrap_or(true) {
        return failure;
    }
    match sink.as_mut().finish().await {
        Err(error) => {
            let mut first = from_target(error);
            first.message = format!("{}; then the source failed too: {}", first.message, failure.message);
            first
        }
        Ok(_) => failure,
    }
}

/// Counts, and tells the engine every now and then.
struct Meter<'a> {
    copied: Copied,
    told: Copied,
    told_at: Instant,
    phase: String,
    rows_expected: Option<u64>,
    context: &'a StepContext,
}

impl<'a> Meter<'a> {
    fn new(source: &Source, context: &'a StepContext) -> Self {
        let phase = format!("copying {}", source.name);
        let (copied, told) = (Copied::default(), Copied::default());
        let meter = Self { copied, told, told_at: Instant::now(), phase, rows_expected: source.rows_expected, context };
        meter.progress();
        meter
    }

    fn tell(&mut self) {
        if self.told_at.elapsed() >= TELL {
            self.observe();
            self.progress();
        }
    }

    fn finish(mut self, no_rows: u64) -> Copied {
        self.copied.rows = self.copied.rows.saturating_sub(no_rows);
        self.observe();
        self.progress();
        self.copied
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
        self.told_at = Instant::now();
    }
}
