//! What becomes of due times: which get a run, which don't, and why.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::schedule::{Missed, Occurrence, Schedule};
use super::state::FiringState;

/// The newest firing runs on time if it is noticed within this: a busy daemon, a slow database, a restart.
pub const LATE_AFTER: Duration = Duration::from_mins(1);

/// Why a firing came out as it did. Stored by its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Skipped: the job was paused.
    Paused,
    /// Skipped: `overlap: skip`, and an earlier run was still going.
    Overlap,
    /// Skipped: its local time doesn't exist that day, and `gap` is `skip`.
    Gap,
    /// Superseded: a newer one was due as well when it was noticed.
    Newer,
    /// Missed: it was noticed later than `missed_window` allows.
    Window,
    /// Missed: it was noticed late, and `missed` is `skip`.
    Policy,
    /// Missed: the schedule was changed before it was noticed.
    Edited,
    /// Missed: the job's file was deleted before it was noticed.
    Retired,
    /// Ran, but later: somebody asked for it with `backfill`.
    Backfill,
    /// Ran, but later: somebody asked for it with `resume --run-missed`.
    Resumed,
}

impl Reason {
    /// All of them.
    const ALL: [Self; 10] = [
        Self::Paused,
        Self::Overlap,
        Self::Gap,
        Self::Newer,
        Self::Window,
        Self::Policy,
        Self::Edited,
        Self::Retired,
        Self::Backfill,
        Self::Resumed,
    ];

    /// The stable lowercase word.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Overlap => "overlap",
            Self::Gap => "gap",
            Self::Newer => "newer",
            Self::Window => "window",
            Self::Policy => "policy",
            Self::Edited => "edited",
            Self::Retired => "retired",
            Self::Backfill => "backfill",
            Self::Resumed => "resumed",
        }
    }

    /// The same for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Paused => "the job was paused",
            Self::Overlap => "an earlier run was still going",
            Self::Gap => "its local time didn't exist that day",
            Self::Newer => "noticed late; a newer one took its place",
            Self::Window => "noticed later than missed_window allows",
            Self::Policy => "noticed late, and missed is skip",
            Self::Edited => "the schedule was changed before it was noticed",
            Self::Retired => "the job's file was deleted before it was noticed",
            Self::Backfill => "run later, by backfill",
            Self::Resumed => "run later, by resume",
        }
    }

    /// A stored reason in words. One that a newer version has written is told as it is.
    pub fn words_of(label: &str) -> &str {
        match Self::from_label(label) {
            Some(known) => known.words(),
            None => label,
        }
    }

    /// The reason of that label.
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.label() == label)
    }
}

/// What becomes of one due time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The due time.
    pub scheduled_for: DateTime<Utc>,
    /// `Ran`: it gets a run. Never `Due`.
    pub state: FiringState,
    /// Why it gets none.
    pub reason: Option<Reason>,
}

/// What is to be known to decide about a job's due times.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'s> {
    /// The job's schedule.
    pub schedule: &'s Schedule,
    /// When they are noticed.
    pub now: DateTime<Utc>,
    /// Later ones follow which are due too, so that none of these is the newest.
    pub more: bool,
    /// Since when the job is paused.
    pub paused_at: Option<DateTime<Utc>>,
    /// The schedule ends now, for this reason: `Edited` or `Retired`.
    pub ending: Option<Reason>,
}

/// Decides about due times, oldest first.
pub fn settle(due: &[Occurrence], situation: &Situation<'_>) -> Vec<Decision> {
    let newest = due.iter().rev().find(|one| !one.in_gap).filter(|_| !situation.more).map(|one| one.at);
    due.iter()
        .map(|one| {
            let (state, reason) = settle_one(*one, newest == Some(one.at), situation);
            Decision { scheduled_for: one.at, state, reason }
        })
        .collect()
}

fn settle_one(due: Occurrence, is_newest: bool, situation: &Situation<'_>) -> (FiringState, Option<Reason>) {
    if due.in_gap {
        return (FiringState::Skipped, Some(Reason::Gap));
    }
    let (state, reason) = unpaused(due.at, is_newest, situation);
    // Whoever pauses a job wants nothing to start, nor what was due before and is noticed only now.
    let paused = situation.paused_at.is_some_and(|since| due.at > since || state == FiringState::Ran);
    if paused { (FiringState::Skipped, Some(Reason::Paused)) } else { (state, reason) }
}

fn unpaused(due: DateTime<Utc>, is_newest: bool, situation: &Situation<'_>) -> (FiringState, Option<Reason>) {
    let schedule = situation.schedule;
    let late = (situation.now - due).to_std().unwrap_or(Duration::ZERO);
    // One that is followed by another is late, however short its time is past: a job that is due every two seconds
    // would else run thirty times after a minute's absence.
    let in_time = is_newest && late <= LATE_AFTER;
    match situation.ending {
        // It may be due by the old schedule at the very moment at which that is changed.
        None | Some(Reason::Edited) if in_time => return (FiringState::Ran, None),
        Some(reason) => return (FiringState::Missed, Some(reason)),
        None => {}
    }
    if late > schedule.missed_window {
        return (FiringState::Missed, Some(Reason::Window));
    }
    match schedule.missed {
        Missed::All => (FiringState::Ran, None),
        Missed::Latest if is_newest => (FiringState::Ran, None),
        Missed::Latest => (FiringState::Superseded, Some(Reason::Newer)),
        Missed::Skip => (FiringState::Missed, Some(Reason::Policy)),
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

    fn at(time: &str) -> DateTime<Utc> {
        format!("2026-11-20T{time}Z").parse().unwrap()
    }

    fn due(times: &[&str]) -> Vec<Occurrence> {
        times.iter().map(|time| Occurrence { at: at(time), in_gap: false }).collect()
    }

    /// What becomes of these, noticed at `now`, with their reasons.
    fn settled(
        times: &[&str],
        now: &str,
        missed: Missed,
        change: impl FnOnce(&mut Situation<'_>),
    ) -> Vec<(FiringState, Option<Reason>)> {
        let schedule = schedule(missed);
        let mut situation = Situation { schedule: &schedule, now: at(now), more: false, paused_at: None, ending: None };
        change(&mut situation);
        settle(&due(times), &situation).into_iter().map(|decision| (decision.state, decision.reason)).collect()
    }

    const HOURS: [&str; 5] = ["01:00:00", "02:00:00", "03:00:00", "04:00:00", "05:00:00"];
    const RAN: (FiringState, Option<Reason>) = (FiringState::Ran, None);
    const TOO_OLD: (FiringState, Option<Reason>) = (FiringState::Missed, Some(Reason::Window));
    const NEWER: (FiringState, Option<Reason>) = (FiringState::Superseded, Some(Reason::Newer));
    const PAUSED: (FiringState, Option<Reason>) = (FiringState::Skipped, Some(Reason::Paused));

    #[test]
    fn missed_firings_follow_their_policy_and_window() {
        let hours = |missed| settled(&HOURS, "05:30:00", missed, |_| {});
        assert_eq!(hours(Missed::All), [TOO_OLD, TOO_OLD, RAN, RAN, RAN]);
        assert_eq!(hours(Missed::Latest), [TOO_OLD, TOO_OLD, NEWER, NEWER, RAN]);
        let skipped = (FiringState::Missed, Some(Reason::Policy));
        assert_eq!(hours(Missed::Skip), [TOO_OLD, TOO_OLD, skipped, skipped, skipped]);
    }

    #[test]
    fn while_a_job_is_paused_nothing_runs_and_what_was_lost_before_says_so() {
        let paused = |missed, since| settled(&HOURS, "05:30:00", missed, |it| it.paused_at = Some(at(since)));
        assert_eq!(paused(Missed::All, "00:30:00"), [PAUSED; 5]);
        assert_eq!(paused(Missed::Latest, "03:30:00"), [TOO_OLD, TOO_OLD, NEWER, PAUSED, PAUSED]);
        assert_eq!(paused(Missed::Latest, "05:15:00"), [TOO_OLD, TOO_OLD, NEWER, NEWER, PAUSED]);
    }

    #[test]
    fn the_newest_of_a_batch_is_not_the_newest_when_more_follow() {
        let decided = |more| settled(&["05:00:00"], "06:00:00", Missed::Latest, |it| it.more = more)[0];
        assert_eq!((decided(false), decided(true)), (RAN, NEWER));
    }

    #[test]
    fn the_newest_that_is_noticed_in_time_runs_whatever_the_policy_and_older_ones_follow_it() {
        let seconds = ["05:00:00", "05:00:02", "05:00:04"];
        assert_eq!(settled(&seconds[..1], "05:00:30", Missed::Skip, |_| {}), [RAN]);
        assert_eq!(settled(&seconds, "05:00:05", Missed::Latest, |_| {}), [NEWER, NEWER, RAN]);
        assert_eq!(settled(&seconds, "05:00:05", Missed::All, |_| {}), [RAN; 3]);
        let skipped = (FiringState::Missed, Some(Reason::Policy));
        assert_eq!(settled(&seconds, "05:00:05", Missed::Skip, |_| {}), [skipped, skipped, RAN]);
    }

    #[test]
    fn a_schedule_that_ends_leaves_no_due_time_without_a_word() {
        let ending = |now, reason| settled(&HOURS[3..], now, Missed::All, |it| it.ending = Some(reason));
        let edited = (FiringState::Missed, Some(Reason::Edited));
        assert_eq!(ending("05:30:00", Reason::Edited), [edited; 2]);
        assert_eq!(ending("05:00:00", Reason::Edited), [edited, RAN], "due at the moment of the change");
        assert_eq!(ending("05:00:00", Reason::Retired)[1], (FiringState::Missed, Some(Reason::Retired)));
    }

    #[test]
    fn a_local_time_that_a_gap_leaves_out_is_skipped_and_never_the_newest() {
        let mut times = due(&["02:00:00", "03:00:00"]);
        times[1].in_gap = true;
        let schedule = schedule(Missed::Latest);
        let now = at("03:00:00");
        let situation = Situation { schedule: &schedule, now, more: false, paused_at: None, ending: None };
        let states: Vec<_> = settle(&times, &situation).into_iter().map(|one| (one.state, one.reason)).collect();
        assert_eq!(states, [RAN, (FiringState::Skipped, Some(Reason::Gap))]);
    }

    #[test]
    fn every_reason_reads_back() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_label(reason.label()), Some(reason));
        }
    }
}
