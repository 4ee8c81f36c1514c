//! What runs have to record, where it can be written for several of them by one statement each.

use super::{Waiters, Write};
use crate::domain::alert::AlertKind;
use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::state::{AttemptState, RunState};

/// What one run has to record, in this order.
#[derive(Default)]
pub(super) struct Facts<'w> {
    pub(super) end: Option<End<'w>>,
    pub(super) start: Option<Start>,
    pub(super) alert: Option<Alert>,
    pub(super) run_end: Option<RunEnd<'w>>,
    waiters: Option<Waiters>,
}

/// An attempt ended.
pub(super) struct End<'w> {
    pub(super) step: i32,
    pub(super) number: i32,
    pub(super) state: AttemptState,
    pub(super) outcome: Option<&'w Outcome>,
    pub(super) failure: Option<&'w Failure>,
}

/// An attempt starts.
pub(super) struct Start {
    pub(super) step: i32,
    pub(super) number: i32,
}

/// The run's end is told.
pub(super) struct Alert {
    pub(super) kind: AlertKind,
    pub(super) by_settings: bool,
}

/// The run ended.
pub(super) struct RunEnd<'w> {
    pub(super) state: RunState,
    pub(super) failure: Option<&'w Failure>,
}

/// These writes as facts that go with those of others; `None`: they move the queues of locks, or come in another order.
pub(super) fn facts(writes: &[Write]) -> Option<Facts<'_>> {
    let mut facts = Facts::default();
    for write in writes {
        match write {
            Write::End { step, number, state, outcome, failure } if facts.is_empty() => {
                let (outcome, failure) = (outcome.as_deref(), failure.as_deref());
                facts.end = Some(End { step: place(*step), number: count(*number), state: *state, outcome, failure });
            }
            Write::Start { step, number } if facts.goes_on() => {
                facts.start = Some(Start { step: place(*step), number: count(*number) });
            }
            Write::Alert { kind, by_settings } if facts.goes_on() => {
                facts.alert = Some(Alert { kind: *kind, by_settings: *by_settings });
            }
            Write::EndRun { state, failure, waiters: waiters @ (Waiters::Nobody | Waiters::OfItsJob) }
                if facts.start.is_none() && facts.run_end.is_none() =>
            {
                facts.run_end = Some(RunEnd { state: *state, failure: failure.as_deref() });
                facts.waiters = Some(*waiters);
            }
            _ => return None,
        }
    }
    Some(facts)
}

impl Facts<'_> {
    const fn is_empty(&self) -> bool {
        self.end.is_none() && self.goes_on()
    }

    /// Whether neither another attempt nor the run's end follows yet.
    const fn goes_on(&self) -> bool {
        self.start.is_none() && self.alert.is_none() && self.run_end.is_none()
    }

    /// Whether they may be lost in a crash of the server: the sweep by name still finds a start's sessions.
    pub(super) const fn is_only_a_start(&self) -> bool {
        self.start.is_some() && self.end.is_none() && self.alert.is_none() && self.run_end.is_none()
    }

    /// Whether another run of the job may go on now.
    pub(super) fn moves_queue(&self) -> bool {
        self.waiters == Some(Waiters::OfItsJob)
    }
}

/// A step's place, as the database has it.
pub(super) fn place(step: usize) -> i32 {
    i32::try_from(step).unwrap_or(i32::MAX)
}

fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn end() -> Write {
        Write::End { step: 0, number: 1, state: AttemptState::Succeeded, outcome: None, failure: None }
    }

    const fn end_run(waiters: Waiters) -> Write {
        Write::EndRun { state: RunState::Succeeded, failure: None, waiters }
    }

    #[test]
    fn what_locks_wait_for_goes_alone() {
        let together = |writes: &[Write]| facts(writes).map(|facts| facts.moves_queue());
        assert_eq!(together(&[end(), Write::Start { step: 1, number: 1 }]), Some(false));
        let alert = Write::Alert { kind: AlertKind::Recovered, by_settings: true };
        assert_eq!(together(&[end(), alert, end_run(Waiters::Nobody)]), Some(false));
        assert_eq!(together(&[end(), end_run(Waiters::OfItsJob)]), Some(true));
        assert_eq!(together(&[end(), end_run(Waiters::Any)]), None);
        assert_eq!(together(&[end(), Write::ReleaseStep { step: 0 }]), None);
        assert_eq!(together(&[end(), Write::Requeue]), None);
    }

    #[test]
    fn what_comes_in_another_order_goes_alone() {
        assert!(facts(&[Write::Start { step: 0, number: 1 }, end()]).is_none());
        assert!(
            facts(&[end_run(Waiters::Nobody), Write::Alert { kind: AlertKind::Failed, by_settings: false }]).is_none()
        );
        assert!(facts(&[end(), end()]).is_none());
    }
}
