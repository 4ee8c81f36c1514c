//! What a step may ask of the engine, over the state database.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::attempt_log::AttemptLog;
use super::event::Event;
use super::progress::Newest;
use super::shared::Shared;
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::ids::RunId;
use crate::domain::note::Note;
use crate::domain::observation::Observation;
use crate::domain::outcome::Outcome;
use crate::domain::params;
use crate::domain::progress::Progress;
use crate::domain::run::Trigger;
use crate::domain::state::RunState;
use crate::steps::{Ahead, Host, Level};
use crate::store::{NewRun, StepLocks, StoreError};

/// The engine as one attempt sees it.
pub(super) struct AttemptHost {
    pub(super) shared: Arc<Shared>,
    pub(super) run: RunId,
    pub(super) job: String,
    pub(super) step_index: usize,
    pub(super) step_id: String,
    pub(super) number: u32,
    pub(super) log: AttemptLog,
    pub(super) newest: Newest,
}

impl Host for AttemptHost {
    fn log(&self, level: Level, message: &str) {
        let message = self.shared.masker.text(message);
        self.log.write(self.shared.clock.now(), level, &message);
        match level {
            Level::Debug => tracing::debug!("{message}"),
            Level::Info => tracing::info!("{message}"),
            Level::Warn => tracing::warn!("{message}"),
            Level::Error => tracing::error!("{message}"),
        }
        let (run, step) = (self.run, self.step_id.clone());
        self.shared.tell(Event::Log { run, step, level, message: message.into_owned() });
    }

    fn progress(&self, progress: Progress) {
        self.newest.set(progress.clone());
        self.shared.tell(Event::Progress { run: self.run, step: self.step_id.clone(), progress });
    }

    fn observe(&self, observation: Observation) {
        self.shared.metrics.observe(&self.job, &self.step_id, &observation);
    }

    fn gate(&self) -> BoxFuture<'_, Result<(), Failure>> {
        async {
            let shared = &self.shared;
            match shared.until_answered(|| shared.store.gate(shared.me.id, self.run)).await {
                Ok(true) => Ok(()),
                Ok(false) => Err(Failure::stopped()),
                Err(error) => Err(error.failure()),
            }
        }
        .boxed()
    }

    fn trigger(&self, job: &str, params: BTreeMap<String, String>) -> BoxFuture<'_, Result<RunId, Failure>> {
        let job = job.to_owned();
        async move {
            let store = &self.shared.store;
            let found = self.shared.until_answered(|| store.job(&job)).await.map_err(|e| e.failure())?;
            let stored = found.ok_or_else(|| no_such_job(&job))?;
            let params = params::complete(&stored.definition.job, params)?;
            let mut run = NewRun::manual(&job, stored.hash, params);
            run.trigger = Trigger::Step;
            run.parent = Some((self.run, self.step_index));
            self.shared.until_answered(|| store.create_run(&run)).await.map_err(|e| e.failure())
        }
        .boxed()
    }

    fn reserve<'a>(&'a self, name: &'a str, ahead: Ahead<'a>) -> BoxFuture<'a, Result<(), Failure>> {
        async move {
            let shared = &self.shared;
            let mut changed = shared.changed.subscribe();
            let mut told = None;
            loop {
                changed.mark_unchanged();
                let asked =
                    shared.until_answered(|| shared.store.reserve(shared.me.id, self.run, self.step_index, name)).await;
                match asked.map_err(|error| error.failure())? {
                    StepLocks::Held(_) => return Ok(()),
                    StepLocks::Never(failure) => return Err(failure),
                    StepLocks::Waiting(who) => {
                        if told.as_ref() != Some(&who) {
                            ahead(&who);
                            told = Some(who);
                        }
                    }
                }
                drop(tokio::time::timeout(super::dispatcher::LOOK_EVERY, changed.changed()).await);
            }
        }
        .boxed()
    }

    fn give_back<'a>(&'a self, name: &'a str) -> BoxFuture<'a, ()> {
        async move {
            // What isn't given back now goes with the end of the attempt.
            if let Err(error) = self.shared.store.give_back(self.run, self.step_index, name).await {
                tracing::debug!(%error, "a reserved turn could not be given back yet");
            }
        }
        .boxed()
    }

    fn ended(&self, run: RunId) -> BoxFuture<'_, Result<RunState, Failure>> {
        async move {
            let _left = self.shared.room.leave();
            let mut changed = self.shared.changed.subscribe();
            loop {
                changed.mark_unchanged();
                let store = &self.shared.store;
                let found = self.shared.until_answered(|| store.run(run)).await;
                match found.map_err(|error: StoreError| error.failure())? {
                    Some(found) if found.state.is_final() => return Ok(found.state),
                    Some(_) => {}
                    None => {
                        let message = format!("run {run} was removed while it was waited for");
                        return Err(Failure::permanent(Code::NotFound, Side::Internal, message));
                    }
                }
                // A hint may be lost, so look now and then as well.
                drop(tokio::time::timeout(super::dispatcher::LOOK_EVERY, changed.changed()).await);
            }
        }
        .boxed()
    }

    fn last_outcome(&self) -> BoxFuture<'_, Result<Option<Outcome>, Failure>> {
        async {
            let (shared, store) = (&self.shared, &self.shared.store);
            let found = shared.until_answered(|| store.last_outcome(&self.job, &self.step_id, self.run)).await;
            found.map_err(|error| error.failure())
        }
        .boxed()
    }

    fn note<'a>(&'a self, name: &'a str, value: serde_json::Value) -> BoxFuture<'a, Result<(), Failure>> {
        self.write_note(name, value).boxed()
    }

    fn notes(&self) -> BoxFuture<'_, Result<Vec<Note>, Failure>> {
        self.read_notes().boxed()
    }

    fn forget<'a>(&'a self, note: &'a Note) -> BoxFuture<'a, Result<(), Failure>> {
        self.remove_note(note).boxed()
    }
}

fn no_such_job(job: &str) -> Failure {
    Failure::permanent(Code::NotFound, Side::Internal, format!("there is no job `{job}` to trigger"))
        .with_hint("`windlass jobs` lists the jobs that a daemon has loaded")
}
