//! What follows from the workers that were seen, or counted at the end. Pure, so that every case is a line in a test.

use crate::domain::observation::CtasAttemptOutcome;
use crate::domain::step::WorkerGuarantee;

/// Looks after which a shortfall is believed. PostgreSQL launches workers once and all at once, but a worker needs some
/// milliseconds until it can be seen, and a look may fall into them.
const LOOKS: u32 = 2;

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
    /// Workers that belong to it now.
    pub(super) workers: u32,
    /// Whether it waits for a lock, and so can't have asked for workers yet.
    pub(super) waits_for_lock: bool,
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
    /// Whether no workers after a while mean that there will be none, and fewer than wanted that there won't be more.
    conclusive: bool,
    looks: u32,
    /// The most workers seen at once.
    pub(super) best: u32,
}

impl Watch {
    /// Begins to watch an attempt. `conclusive`: the plan has one Gather and it starts at once.
    pub(super) fn new(guarantee: &WorkerGuarantee, planned: u32, number: u32, conclusive: bool) -> Self {
        Self {
            wanted: guarantee.target.min(planned),
            minimum: guarantee.minimum,
            last: number >= guarantee.attempts,
            conclusive,
            looks: 0,
            best: 0,
        }
    }

    /// What to do after another look.
    pub(super) fn after(&mut self, look: Look) -> Verdict {
        self.best = self.best.max(look.workers);
        if self.best >= self.wanted {
            return Verdict::GoOn;
        }
        if look.waits_for_lock || !self.conclusive {
            return Verdict::LookAgain;
        }
        self.looks += 1;
        if self.looks < LOOKS {
            Verdict::LookAgain
        } else if self.last && self.best >= self.minimum {
            Verdict::GoOn
        } else {
            Verdict::Short
        }
    }
}

/// What an attempt is that ran to its end with that many workers. A finished table with the minimum is not thrown away
/// for a better one: the guarantee is about time, and that time is over.
pub(super) const fn of_finished(guarantee: &WorkerGuarantee, launched: u32) -> CtasAttemptOutcome {
    if launched >= guarantee.target {
        CtasAttemptOutcome::TargetMet
    } else if launched >= guarantee.minimum {
        CtasAttemptOutcome::MinimumMet
    } else {
        CtasAttemptOutcome::Short
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(planned: u32, number: u32, looks: &[u32]) -> Vec<Verdict> {
        let mut watch = Watch::new(&WorkerGuarantee::default(), planned, number, true);
        looks.iter().map(|workers| watch.after(Look { workers: *workers, waits_for_lock: false })).collect()
    }

    #[test]
    fn the_first_look_at_the_target_ends_the_watch_and_a_shortfall_needs_two() {
        assert_eq!(watch(4, 1, &[4]), [Verdict::GoOn]);
        assert_eq!(watch(4, 1, &[3, 4]), [Verdict::LookAgain, Verdict::GoOn]);
        assert_eq!(watch(4, 1, &[3, 3]), [Verdict::LookAgain, Verdict::Short]);
        assert_eq!(watch(4, 1, &[0, 0]), [Verdict::LookAgain, Verdict::Short]);
        // Workers that were there and have ended were launched all the same.
        assert_eq!(watch(4, 5, &[2, 0]), [Verdict::LookAgain, Verdict::GoOn]);
    }

    #[test]
    fn the_last_attempt_goes_on_with_the_minimum_and_not_with_less() {
        assert_eq!(watch(4, 5, &[2, 2]), [Verdict::LookAgain, Verdict::GoOn]);
        assert_eq!(watch(4, 5, &[1, 1]), [Verdict::LookAgain, Verdict::Short]);
    }

    #[test]
    fn what_the_plan_does_not_have_is_not_waited_for() {
        assert_eq!(watch(3, 1, &[3]), [Verdict::GoOn]);
    }

    #[test]
    fn nothing_is_concluded_while_the_query_waits_or_may_not_have_come_to_its_gather() {
        let mut waiting = Watch::new(&WorkerGuarantee::default(), 4, 1, true);
        let mut later = Watch::new(&WorkerGuarantee::default(), 4, 1, false);
        for _ in 0..5 {
            assert_eq!(waiting.after(Look { workers: 0, waits_for_lock: true }), Verdict::LookAgain);
            assert_eq!(later.after(Look { workers: 0, waits_for_lock: false }), Verdict::LookAgain);
        }
        assert_eq!(later.after(Look { workers: 4, waits_for_lock: false }), Verdict::GoOn);
    }

    #[test]
    fn a_finished_table_is_judged_by_its_exact_count() {
        let guarantee = WorkerGuarantee::default();
        assert_eq!(of_finished(&guarantee, 4), CtasAttemptOutcome::TargetMet);
        assert_eq!(of_finished(&guarantee, 2), CtasAttemptOutcome::MinimumMet);
        assert_eq!(of_finished(&guarantee, 1), CtasAttemptOutcome::Short);
    }
}
