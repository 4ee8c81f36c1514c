//! What a step may ask of the engine that runs it.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;

use crate::domain::failure::Failure;
use crate::domain::ids::RunId;
use crate::domain::note::Note;
use crate::domain::observation::Observation;
use crate::domain::outcome::Outcome;
use crate::domain::progress::Progress;
use crate::domain::state::RunState;

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For whoever looks for a cause.
    Debug,
    /// A decision or a phase.
    Info,
    /// Something that went wrong but doesn't end the step.
    Warn,
    /// What ends the step.
    Error,
}

/// Hears, in words, who is ahead in a queue.
pub type Ahead<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// The engine, as far as a step may see it. The engine implements it over the state database; tests of single steps
/// implement it over memory.
pub trait Host: Send + Sync {
    /// Writes a line to the attempt's log. Never blocks for long, never fails.
    fn log(&self, level: Level, message: &str);

    /// Says how far the step is. A later call replaces an earlier one; cheap enough to call for every buffer.
    fn progress(&self, progress: Progress);

    /// Counts something at once.
    fn observe(&self, observation: Observation);

    /// Waits until it is known that the run is still ours. Called right before the step's visible effect (commit,
    /// rename); an error means that the step must undo its work and return that error.
    fn gate(&self) -> BoxFuture<'_, Result<(), Failure>>;

    /// Makes a run of another job and returns its id. Asked twice by two attempts of one step, it returns the same run.
    fn trigger(&self, job: &str, params: BTreeMap<String, String>) -> BoxFuture<'_, Result<RunId, Failure>>;

    /// Waits for this step's turn at something that all steps of all daemons share, first come, first served, and has
    /// it until `give_back`, at the latest until the attempt ends. Who has it already gets it at once. `ahead` hears
    /// who is ahead, whenever that changes.
    ///
    /// Who stops waiting gives back as well: that leaves the queue. A turn keeps nothing safe, it only spares steps
    /// that want the same from getting in each other's way.
    fn reserve<'a>(&'a self, name: &'a str, ahead: Ahead<'a>) -> BoxFuture<'a, Result<(), Failure>>;

    /// Gives up the turn, or the place in the queue. Does nothing if there is neither.
    fn give_back<'a>(&'a self, name: &'a str) -> BoxFuture<'a, ()>;

    /// Waits until a run has ended.
    fn ended(&self, run: RunId) -> BoxFuture<'_, Result<RunState, Failure>>;

    /// What this step came to the last time that it succeeded in another run of the job; `None` if it never did.
    fn last_outcome(&self) -> BoxFuture<'_, Result<Option<Outcome>, Failure>>;

    /// Keeps a note of what this step has made elsewhere, beyond the death of this process. A later one of the same name
    /// replaces it. It must hold no secret that isn't known as one.
    fn note<'a>(&'a self, name: &'a str, value: serde_json::Value) -> BoxFuture<'a, Result<(), Failure>>;

    /// The notes that this step of this job has left: in this run, and in runs that have ended. Never those of a run that
    /// is still open, which may need what it has made.
    fn notes(&self) -> BoxFuture<'_, Result<Vec<Note>, Failure>>;

    /// Removes a note: what it is about is gone.
    fn forget<'a>(&'a self, note: &'a Note) -> BoxFuture<'a, Result<(), Failure>>;
}
