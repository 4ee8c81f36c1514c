//! The end of a run whose daemon died, or gave it back: not before what its attempts left is known to have stopped.
//!
//! A daemon that was given up may only be frozen, and its statements go on without it. As long as they do, whoever gets
//! the run's locks would not be alone. The next attempt of a step ends those where it writes before it works; a run that is
//! not tried again (cancelled, out of time, lost too often) has none. So the run's end makes sure of all.

use std::time::Duration;

use super::RunTask;
use crate::engine::attempt::Stop;
use crate::steps;
use crate::store::StoreError;

/// Longest pause before a server that didn't answer is asked again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl RunTask {
    /// Ends what a step's attempts left at work. A run with locks tries until it is done: they are not given to others on
    /// a guess. One without ends all the same after one try, as nobody waits for it.
    pub(super) async fn sweep(&mut self, index: usize) -> Result<(), StoreError> {
        self.flush().await?;
        let Some(step) = self.job().steps.get(index).cloned() else {
            return Err(StoreError::Refused(format!("the job has no step number {index}")));
        };
        let last =
            self.view.attempts.iter().filter(|attempt| attempt.step == index).map(|attempt| attempt.number).max();
        let (mut context, _host) = self.context(&step, index, last.unwrap_or(1), &[]);
        // No attempt has this number, so the sessions of all of them are ended.
        context.attempt += 1;
        let mut pause = Duration::from_secs(1);
        while let Err(failure) = Box::pin(steps::sweep_left(&step.kind, &context)).await {
            let failure = self.shared.masker.failure(failure);
            tracing::warn!(step.id = %step.id, %failure, "could not see whether earlier attempts have stopped");
            if !self.job().has_locks() {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                _ = self.stop.wait_for(|stop| matches!(stop, Some(Stop::Drain | Stop::Lost))) => return Ok(()),
            }
        }
        self.view.swept.push(index);
        Ok(())
    }
}
