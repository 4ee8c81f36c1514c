//! What becomes of due times: which get a run, which don't, and why.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::schedule::{Missed, Schedule};
use super::state::FiringState;

/// A firing noticed later than this counts as missed: no daemon was up. Less is a busy daemon or a slow database.
pub const LATE_AFTER: Duration = Duration::from_mins(1);

/// What becomes of one due time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The due time.
    pub scheduled_for: DateTime<Utc>,
    /// `Ran`: it gets a run. Never `Due`.
    pub state: FiringState,
    /// Why it gets none.
    pub reason: Option<&'static str>,
}

/// Decides about due times, oldest first, of a job that may be paused. `more` says that later ones follow which are due
/// too, so that none of these is the newest.
pub fn settle(
    due: &[DateTime<Utc>],
    more: bool,
    now: DateTime<Utc>,
    schedule: &Schedule,
    paused: bool,
) -> Vec<Decision> {
    let newest = due.iter().max().copied().filter(|_| !more);
    due.iter()
        .map(|&scheduled_for| {
            let (state, reason) = if paused {
                (FiringState::Skipped, Some("paused"))
            } else {
                settle_one(scheduled_for, newest == Some(scheduled_for), now, schedule)
            };
            Decision { scheduled_for, state, reason }
        })
        .collect()
}

fn settle_one(
    due: DateTime<Utc>,
    is_newest: bool,
    now: DateTime<Utc>,
    schedule: &Schedule,
) -> (FiringState, Option<&'static str>) {
    let late = (now - due).to_std().unwrap_or(Duration::ZERO);
    if late <= LATE_AFTER {
        return (FiringState::Ran, None);
    }
    if late > schedule.missed_window {
        return (FiringState::Missed, Some("no daemon was up, and it is older than missed_window"));
    }
    match schedule.missed {
        Missed::All => (FiringState::Ran, None),
        Missed::Latest if is_newest => (FiringState::Ran, None),
        Missed::Latest => (FiringState::Superseded, Some("no daemon was up; a later firing took its place")),
        Missed::Skip => (FiringState::Missed, Some("no daemon was up, and missed is skip")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::schedule::{Gap, Repeat, When};

    fn schedule(missed: Missed) -> Schedule {
        Schedule {
            when: When::Every(Duration::from_hours(1)),
            zone: chrono_tz::Tz::UTC,
            missed,
            missed_window: Duration::from_hours(3),
            gap: Gap::Shift,
            repeat: Repeat::First,
        }
    }

    fn states(missed: Missed, paused: bool) -> Vec<FiringState> {
        let now: DateTime<Utc> = "2026-11-20T05:30:00Z".parse().unwrap();
        let due: Vec<_> = (1..=5).map(|hour| format!("2026-11-20T0{hour}:00:00Z").parse().unwrap()).collect();
        settle(&due, false, now, &schedule(missed), paused).into_iter().map(|decision| decision.state).collect()
    }

    #[test]
    fn missed_firings_follow_their_policy_and_window() {
        use FiringState::{Missed as Gone, Ran, Skipped, Superseded};
        assert_eq!(states(Missed::All, false), [Gone, Gone, Ran, Ran, Ran]);
        assert_eq!(states(Missed::Latest, false), [Gone, Gone, Superseded, Superseded, Ran]);
        assert_eq!(states(Missed::Skip, false), [Gone; 5]);
        assert_eq!(states(Missed::All, true), [Skipped; 5]);
    }

    #[test]
    fn the_newest_of_a_batch_is_not_the_newest_when_more_follow() {
        let due: DateTime<Utc> = "2026-11-20T05:00:00Z".parse().unwrap();
        let now = due + chrono::TimeDelta::hours(1);
        let decided = |more| settle(&[due], more, now, &schedule(Missed::Latest), false)[0].state;
        assert_eq!((decided(false), decided(true)), (FiringState::Ran, FiringState::Superseded));
    }

    #[test]
    fn a_firing_that_is_noticed_in_time_runs_whatever_the_policy() {
        let now: DateTime<Utc> = "2026-11-20T05:00:30Z".parse().unwrap();
        let due = ["2026-11-20T05:00:00Z".parse().unwrap()];
        assert_eq!(settle(&due, false, now, &schedule(Missed::Skip), false)[0].state, FiringState::Ran);
    }
}
