//! A step's own locks: had before its first attempt starts, or the run gives way until it is their turn.

use std::sync::Arc;
use std::time::Duration;

use super::RunTask;
use crate::domain::failure::Failure;
use crate::domain::job::Step;
use crate::domain::run::RunLock;
use crate::engine::event::Event;
use crate::store::{StepLocks, StoreError, Write};

/// What came of asking for a step's locks.
pub(super) enum Locks {
    /// The step has them.
    Held(Vec<RunLock>),
    /// It can't have them.
    Refused(Failure),
    /// It has to wait, and the run is in the queue again: whoever claims it takes the locks with it. So a run that waits
    /// takes no room from the one that it waits for.
    GaveWay,
}

impl RunTask {
    /// Asks for a step's locks.
    pub(super) async fn step_locks(&mut self, step: &Step, index: usize, number: u32) -> Result<Locks, StoreError> {
        if step.locks.is_empty() {
            return Ok(Locks::Held(Vec::new()));
        }
        self.flush().await?;
        let scope = self.scope(number, &[]);
        let names: Result<Vec<String>, Failure> = step.locks.iter().map(|name| scope.text(name)).collect();
        let names = match names {
            Ok(names) => names,
            Err(failure) => return Ok(Locks::Refused(failure)),
        };
        let (shared, run) = (Arc::clone(&self.shared), self.claimed.id);
        let capacities = &shared.settings.capacities;
        let asked =
            shared.until_answered(|| shared.store.ask_for_step(shared.me.id, run, index, &names, capacities)).await?;
        let reason = match asked {
            StepLocks::Held(locks) => {
                if number == 1 {
                    self.count_waits(&locks);
                }
                return Ok(Locks::Held(locks));
            }
            StepLocks::Never(failure) => return Ok(Locks::Refused(failure)),
            StepLocks::Waiting(reason) => reason,
        };
        tracing::info!(step.id = %step.id, reason, "waiting");
        self.pending.push(Write::GiveWay { reason: reason.clone() });
        self.flush().await?;
        self.shared.tell(Event::StepWaiting { run, step: step.id.clone(), reason });
        Ok(Locks::GaveWay)
    }

    /// Counts how long locks were waited for.
    pub(super) fn count_waits(&self, locks: &[RunLock]) {
        for lock in locks {
            self.shared.metrics.lock_waited(&lock.name, Duration::try_from_secs_f64(lock.waited_s).unwrap_or_default());
        }
    }
}
