//! What an attempt sees of its run: names, parameters, earlier outcomes, locks, and whom it talks to.

use std::sync::Arc;

use super::RunTask;
use crate::domain::job::Step;
use crate::domain::run::RunLock;
use crate::domain::template::{LockScope, RunScope, Scope};
use crate::engine::attempt;
use crate::engine::host::AttemptHost;
use crate::steps::StepContext;

impl RunTask {
    /// The world of an attempt.
    pub(super) fn context(
        &self,
        step: &Step,
        index: usize,
        number: u32,
        locks: &[RunLock],
    ) -> (StepContext, Arc<AttemptHost>) {
        let scope = self.scope(number, locks);
        let host = attempt::host(&self.shared, (&self.job().name, self.claimed.id, index, number), &step.id);
        let context = StepContext {
            run: self.claimed.id,
            step_index: index,
            step_id: step.id.clone(),
            attempt: number,
            round: self.view.round,
            lock_token: scope.lock.token,
            scope,
            environment: Arc::clone(&self.shared.environment),
            host: Arc::<AttemptHost>::clone(&host),
            stop: attempt::signal(),
            base: self.claimed.job.definition.base.clone(),
        };
        (context, host)
    }

    pub(super) fn scope(&self, number: u32, locks: &[RunLock]) -> Scope {
        let run = RunScope {
            id: self.claimed.id.to_string(),
            job: self.job().name.clone(),
            scheduled_for: self.claimed.scheduled_for,
            attempt: number,
        };
        let mut scope = Scope::of_run(run, self.claimed.params.clone(), self.job().zone());
        scope.steps = self.outcomes.clone();
        scope.env = self.shared.environment.env.clone();
        scope.lock = LockScope { token: self.claimed.locks.iter().chain(locks).map(|lock| lock.token).max() };
        scope
    }
}
