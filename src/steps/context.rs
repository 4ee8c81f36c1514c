//! Everything that an attempt of a step may touch.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::domain::failure::Failure;
use crate::domain::ids::{RunId, TableName};
use crate::domain::template::Scope;

use super::environment::Environment;
use super::host::{Host, Level};

/// How a line of an attempt's log begins that holds what was sent to a server.
pub const SENT_MARK: &str = "sent:";

/// Bytes of a statement that are written to the log.
const SENT: usize = 64 * 1024;

/// Tells a step to stop: its timeout, a cancel, a drain, or a run that is no longer ours. The step cleans up and
/// returns `Failure::stopped()`; the engine knows why it asked.
pub type StopSignal = CancellationToken;

/// An attempt's world.
#[derive(Clone)]
pub struct StepContext {
    /// The run.
    pub run: RunId,
    /// The step's place in the job, from zero.
    pub step_index: usize,
    /// The step's id.
    pub step_id: String,
    /// The attempt's number, from one.
    pub attempt: u32,
    /// The run's round, from one: another one begins when somebody retries a run that has ended.
    pub round: u32,
    /// Names for templates.
    pub scope: Scope,
    /// Connections and folders.
    pub environment: Arc<Environment>,
    /// The engine.
    pub host: Arc<dyn Host>,
    /// Cancelled when the step should stop.
    pub stop: StopSignal,
    /// The job file's folder: where relative paths start.
    pub base: PathBuf,
    /// The fencing token of the newest lock that the run or step holds.
    pub lock_token: Option<i64>,
}

impl StepContext {
    /// The mark of this run and step, whichever attempt: `windlass/<run>/<step index>`. It leads the
    /// `application_name` of every session, as `hidden_prefix` leads the name of every hidden table, so that a later
    /// attempt finds what an earlier one left. The index, not the id, because PostgreSQL cuts names off at 63 bytes.
    pub fn mark(&self) -> String {
        format!("windlass/{}/{}", self.run.0.simple(), self.step_index)
    }

    /// The `application_name` of this attempt's sessions: the mark, the attempt and a role (`source`, `target`,
    /// `monitor`).
    pub fn application_name(&self, role: &str) -> String {
        format!("{}/{}/{role}", self.mark(), self.attempt)
    }

    /// A name for a hidden table or schema object of this attempt, at most 63 bytes.
    pub fn hidden_name(&self, number: usize) -> String {
        format!("windlass_{}_{}_{}_{number}", self.run.0.simple(), self.step_index, self.attempt)
    }

    /// The part of a hidden name that all attempts of this step share; ends in an underscore.
    pub fn hidden_prefix(&self) -> String {
        format!("windlass_{}_{}_", self.run.0.simple(), self.step_index)
    }

    /// Runs `work` unless the step is asked to stop first; then `work` is dropped.
    pub async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Failure::stopped()),
            value = work => Ok(value),
        }
    }

    /// Renders a table's name and reads its parts.
    pub fn table(&self, name: &crate::domain::template::Text) -> Result<TableName, Failure> {
        use crate::domain::{code::Code, failure::Side};
        let rendered = self.scope.text(name)?;
        TableName::parse(&rendered)
            .map_err(|error| Failure::permanent(Code::Template, Side::Internal, error.to_string()))
    }

    /// Writes an `info` line to the attempt's log.
    pub fn info(&self, message: impl AsRef<str>) {
        self.host.log(Level::Info, message.as_ref());
    }

    /// Writes a `warn` line to the attempt's log.
    pub fn warn(&self, message: impl AsRef<str>) {
        self.host.log(Level::Warn, message.as_ref());
    }

    /// Writes what is sent to a server to the attempt's log, where the run's page finds it; of a very long statement its
    /// beginning.
    pub fn sent(&self, statement: &str) {
        let shown = statement.get(..statement.floor_char_boundary(SENT)).unwrap_or(statement);
        let rest = statement.len() - shown.len();
        let left_out = if rest > 0 { format!("\n-- {rest} more bytes") } else { String::new() };
        self.debug(format!("{SENT_MARK}\n{shown}{left_out}"));
    }

    /// Writes a `debug` line to the attempt's log.
    pub fn debug(&self, message: impl AsRef<str>) {
        self.host.log(Level::Debug, message.as_ref());
    }
}
