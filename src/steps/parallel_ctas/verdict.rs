//! What follows from the workers that were seen, or counted at the end. Pure, so that every case is a line in a test.
//!
//! PostgreSQL launches the workers of a Gather once and all at once. What makes a look at them uncertain is time: a worker
//! needs some milliseconds until it can be seen, it may have ended before anyone looked, and a Gather may start late. So a
//! shortfall is believed only if the number stays the same for a while, and none at all only if slots are missing too.

use std::time::Duration;

use crate::domain::observation::CtasAttemptOutcome;
use crate::domain::step::WorkerGuarantee;

use super::plan::Plan;

/// How long the number of workers must stay the same before it counts as final. Forking them takes a few milliseconds on
/// an idle machine; on a busy one they come one after the other, and the number changes meanwhile.
const SETTLED: Duration = Duration::from_millis(200);

/// What the workers of a running query mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Not known yet: look again.
    LookAgain,
    /// It has what it needs; looking ends and it runs to its end.
    GoOn,
    /// It will not get enough: cancel it.
    Short,
}

/// One look at a running query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// Time since the query was sent.
    pub(super) at: Duration,
    /// Workers that belong to it now.
    pub(super) workers: u32,
    /// Whether it waits for a lock, and so can't have asked for workers yet.
    pub(super) waits_for_lock: bool,
    /// Worker slots that are free now, where they can be seen and it has no workers.
    pub(super) free: Option<u32>,
}

/// All that has been seen of one attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    /// Workers that are possible and wanted: the target, or what the plan has if that is fewer.
    wanted: u32,
    /// Workers that are enough on the last attempt.
    minimum: u32,
    /// Whether this is the last attempt.
    last: bool,
    /// Whether all workers belong to one Gather.
    one_gather: bool,
    /// Whether that Gather starts as soon as the query does.
    at_once: bool,
    /// How long planning took beforehand: it is done again before the query starts.
    planning: Duration,
    /// The last number seen, and since when.
    steady: (u32, Duration),
    /// The most workers seen at once.
    pub(super) best: u32,
}

impl Watch {
    /// Begins to watch an attempt at a plan, with `wanted` workers.
    pub(super) fn new(guarantee: &WorkerGuarantee, wanted: u32, last: bool, plan: &Plan) -> Self {
        Self {
            wanted,
            minimum: guarantee.minimum,
            last,
            one_gather: plan.gathers.len() == 1,
            at_once: plan.gathers.iter().all(|gather| gather.starts_at_once),
            planning: plan.planning,
            steady: (0, Duration::ZERO),
            best: 0,
        }
    }

    /// What to do after another look.
    pub(super) fn after(&mut self, look: Look) -> Verdict {
        self.best = self.best.max(look.workers);
        if self.best >= self.wanted {
            return Verdict::GoOn;
        }
        if look.waits_for_lock || look.workers != self.steady.0 {
            self.steady = (look.workers, look.at);
            return Verdict::LookAgain;
        }
        let patience = if look.workers == 0 { SETTLED + 2 * self.planning } else { SETTLED };
        if look.at.saturating_sub(self.steady.1) < patience || !self.means_something(look) {
            Verdict::LookAgain
        } else if self.last && self.best >= self.minimum {
            Verdict::GoOn
        } else {
            Verdict::Short
        }
    }

    /// Whether as many workers as are wanted were seen at once.
    pub(super) const fn has_enough(&self) -> bool {
        self.best >= self.wanted
    }

    /// Whether the number of workers, which is too low, says anything about how many were launched.
    fn means_something(&self, look: Look) -> bool {
        if !self.one_gather || look.workers < self.best {
            // Several Gathers take turns, and workers that are fewer than they were have begun to end.
            return false;
        }
        // With slots to spare it isn't short of them: its workers are still to come, or have ended before anyone looked.
        look.workers > 0 || (self.at_once && look.free.is_none_or(|free| free < self.wanted))
    }
}

/// What an attempt is that ran to its end with that many workers; `None`: it never came to a Gather, so that there was
/// nothing to share. A finished table with the minimum is not thrown away for a better one: the guarantee is about
/// time, and that time is over.
pub(super) const fn of_finished(guarantee: &WorkerGuarantee, launched: Option<u32>) -> CtasAttemptOutcome {
    match launched {
        Some(launched) if launched >= guarantee.target => CtasAttemptOutcome::TargetMet,
        Some(launched) if launched < guarantee.minimum => CtasAttemptOutcome::Short,
        _ => CtasAttemptOutcome::MinimumMet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn plan(root: &Value) -> Plan {
        Plan::read(&json!([{"Plan": root, "Planning Time": 50.0}])).unwrap()
    }

    fn gather() -> Value {
        json!({"Node Type": "Gather", "Parent Relationship": "Outer", "Workers Planned": 4})
    }

    fn watch(last: bool) -> Watch {
        Watch::new(&WorkerGuarantee::default(), 4, last, &plan(&gather()))
    }

    /// Verdicts of looks at (milliseconds, workers).
    fn looks(mut watch: Watch, looks: &[(u64, u32)]) -> Vec<Verdict> {
        let look = |&(at, workers): &(u64, u32)| Look {
            at: Duration::from_millis(at),
            workers,
            waits_for_lock: false,
            free: None,
        };
        looks.iter().map(|seen| watch.after(look(seen))).collect()
    }

    use Verdict::{GoOn, LookAgain, Short};

    #[test]
    fn the_first_look_at_the_target_ends_the_watch_and_a_shortfall_must_last() {
        assert_eq!(looks(watch(false), &[(20, 4)]), [GoOn]);
        assert_eq!(looks(watch(false), &[(20, 3), (60, 3), (140, 4)]), [LookAgain, LookAgain, GoOn]);
        assert_eq!(looks(watch(false), &[(20, 3), (60, 3), (230, 3)]), [LookAgain, LookAgain, Short]);
        assert_eq!(looks(watch(false), &[(100, 1), (290, 2), (310, 2)]), [LookAgain; 3], "they are still coming");
        assert_eq!(looks(watch(false), &[(1000, 3), (1500, 3)]), [LookAgain, Short], "the field's numbers");
    }

    #[test]
    fn no_workers_are_believed_later_because_planning_comes_first_and_not_while_slots_are_free() {
        assert_eq!(looks(watch(false), &[(20, 0), (250, 0), (310, 0)]), [LookAgain, LookAgain, Short]);
        let mut free = watch(false);
        for at in 0..20 {
            let look = Look { at: Duration::from_millis(at * 100), workers: 0, waits_for_lock: false, free: Some(4) };
            assert_eq!(free.after(look), LookAgain);
        }
        let look = Look { at: Duration::from_secs(3), workers: 0, waits_for_lock: false, free: Some(3) };
        assert_eq!(free.after(look), Short);
    }

    #[test]
    fn the_last_attempt_goes_on_with_the_minimum_and_not_with_less() {
        assert_eq!(looks(watch(true), &[(20, 2), (300, 2)]), [LookAgain, GoOn]);
        assert_eq!(looks(watch(true), &[(20, 1), (300, 1)]), [LookAgain, Short]);
    }

    #[test]
    fn workers_that_have_begun_to_end_say_nothing() {
        assert_eq!(looks(watch(false), &[(20, 3), (60, 1), (900, 1), (1800, 0), (2800, 0)]), [LookAgain; 5]);
    }

    #[test]
    fn nothing_is_concluded_while_it_waits_for_a_lock_or_among_several_gathers() {
        let mut waiting = watch(false);
        for at in 0..5 {
            let look = Look { at: Duration::from_secs(at), workers: 0, waits_for_lock: true, free: None };
            assert_eq!(waiting.after(look), LookAgain);
        }
        let several = plan(&json!({"Node Type": "Append", "Plans": [gather(), gather()]}));
        let several = Watch::new(&WorkerGuarantee::default(), 4, false, &several);
        assert_eq!(looks(several, &[(20, 2), (2000, 2), (4000, 4)]), [LookAgain, LookAgain, GoOn]);
    }

    #[test]
    fn a_gather_that_may_start_late_is_judged_once_it_has_workers() {
        let late = plan(&json!({"Node Type": "Hash Join", "Plans": [gather(), {"Node Type": "Hash"}]}));
        let late = Watch::new(&WorkerGuarantee::default(), 4, false, &late);
        let seen = looks(late, &[(20, 0), (5000, 0), (5200, 3), (5500, 3)]);
        assert_eq!(seen, [LookAgain, LookAgain, LookAgain, Short]);
    }

    #[test]
    fn a_finished_table_is_judged_by_the_exact_count() {
        use CtasAttemptOutcome::{MinimumMet, TargetMet};
        let guarantee = WorkerGuarantee::default();
        let outcomes = [Some(4), Some(2), Some(1), Some(0), None].map(|launched| of_finished(&guarantee, launched));
        assert_eq!(outcomes, [TargetMet, MinimumMet, CtasAttemptOutcome::Short, CtasAttemptOutcome::Short, MinimumMet]);
    }
}
