//! The end of a run: what it kept goes, its end is recorded, and whoever is to be told is told.

use super::RunTask;
use crate::domain::alert::AlertKind;
use crate::domain::failure::Failure;
use crate::domain::state::RunState;
use crate::engine::event::Event;
use crate::engine::spool;
use crate::store::{StoreError, Waiters, Write};

impl RunTask {
    /// Ends the run in that state, and tells whoever is to be told.
    pub(super) async fn end(&mut self, state: RunState, failure: Option<Failure>) -> Result<(), StoreError> {
        spool::clear(&self.shared, self.job(), self.claimed.id, state).await;
        let told = self.told(state);
        self.pending.extend(told.map(|(kind, by_settings)| Write::Alert { kind, by_settings }));
        let waiters = match self.job() {
            job if job.has_locks() => Waiters::Any,
            job if job.schedule.is_some() => Waiters::OfItsJob,
            _ => Waiters::Nobody,
        };
        self.pending.push(Write::EndRun { state, failure: failure.map(Box::new), waiters });
        let now = self.flush().await?;
        let job = self.job().name.clone();
        self.shared.metrics.run_ended(&job, state, self.started.elapsed());
        match state {
            RunState::Succeeded => self.shared.metrics.last_success(&job, now),
            RunState::Failed => self.shared.metrics.last_failure(&job, now),
            _ => {}
        }
        tracing::info!(state = state.label(), duration_s = self.started.elapsed().as_secs_f64(), "run ended");
        self.shared.tell(Event::RunEnded { run: self.claimed.id, state });
        // Most successes are no recovery: whoever looks by the clock finds those that are.
        if told.is_some() && state == RunState::Failed {
            self.shared.alerts.notify_one();
        }
        Ok(())
    }

    /// What is told of a run that ends so, and whether `windlass.yaml` says to whom. Whoever runs a job here and now is
    /// looking at it.
    fn told(&self, state: RunState) -> Option<(AlertKind, bool)> {
        let kind = match state {
            RunState::Failed => AlertKind::Failed,
            RunState::Succeeded => AlertKind::Recovered,
            _ => return None,
        };
        let told = if self.shared.settings.plans_firings { self.shared.store.tells(self.job(), kind) } else { None };
        told.map(|by_settings| (kind, by_settings))
    }
}
