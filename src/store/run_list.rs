//! Which runs a list shows.
//!
//! The statement has only the conditions that are asked for. One with all of them (`$1 is null or job = $1`) is planned
//! once for all cases, and then reads all runs from the newest to find one by its id.

use chrono::{DateTime, Utc};

use super::connection::Value;
use crate::domain::ids::RunId;
use crate::domain::run::Trigger;
use crate::domain::state::RunState;

/// Which runs a list shows, newest first.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    /// Of this job only.
    pub job: Option<String>,
    /// In one of these states only; all if empty.
    pub states: Vec<RunState>,
    /// Started in this way only.
    pub trigger: Option<Trigger>,
    /// Made at or after this time only.
    pub since: Option<DateTime<Utc>>,
    /// Only these; all if empty.
    pub ids: Vec<RunId>,
    /// Only those that come after this one: made earlier.
    pub after: Option<RunPlace>,
    /// At most so many.
    pub limit: u32,
}

/// A run's place in the list of all: it stays what it is when newer runs are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunPlace {
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Its id.
    pub id: RunId,
}

impl RunFilter {
    /// The statement and its values.
    pub(super) fn statement(&self) -> (String, Vec<Value<'_>>) {
        let mut conditions = Vec::new();
        let mut values: Vec<Value<'_>> = Vec::new();
        let mut next = |value: Value<'static>| {
            values.push(value);
            values.len()
        };
        if let Some(job) = &self.job {
            conditions.push(format!("run.job = any (array[${}])", next(Box::new(job.clone()))));
        }
        if !self.states.is_empty() {
            // Written out, so that indexes for some states only can be used.
            let states: Vec<String> = self.states.iter().map(|state| format!("'{}'", state.label())).collect();
            conditions.push(format!("run.state in ({})", states.join(", ")));
        }
        if let Some(trigger) = self.trigger {
            conditions.push(format!("run.trigger = '{}'", trigger.label()));
        }
        if let Some(since) = self.since {
            conditions.push(format!("run.created_at >= ${}", next(Box::new(since))));
        }
        if !self.ids.is_empty() {
            let ids: Vec<uuid::Uuid> = self.ids.iter().map(|id| id.0).collect();
            conditions.push(format!("run.id = any (${})", next(Box::new(ids))));
        }
        if let Some(after) = self.after {
            let (at, id) = (next(Box::new(after.created_at)), next(Box::new(after.id.0)));
            conditions.push(format!("(run.created_at, run.id) < (${at}, ${id})"));
        }
        let conditions = if conditions.is_empty() { "true".to_owned() } else { conditions.join(" and ") };
        let limit = next(Box::new(i64::from(self.limit)));
        let in_order = if self.job.is_some() { "run.job," } else { "" };
        let statement = include_str!("sql/run_list.sql").replace("by :job ", &format!("by {in_order} "));
        let statement = statement.replace(":conditions", &conditions);
        (statement.replace(":limit", &format!("${limit}")), values)
    }
}

impl RunPlace {
    /// The place as text that can stand in a URL.
    pub fn text(self) -> String {
        format!("{}-{}", self.created_at.timestamp_micros(), self.id.0.simple())
    }

    /// Reads what `text` wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (micros, id) = text.rsplit_once('-')?;
        let created_at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
        Some(Self { created_at, id: RunId(uuid::Uuid::try_parse(id).ok()?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_has_only_the_conditions_that_are_asked_for() {
        let newest = RunFilter { limit: 20, ..RunFilter::default() };
        let (all, values) = newest.statement();
        assert!(all.contains("where true") && all.contains("limit $1") && values.len() == 1, "{all}");
        let filter = RunFilter {
            job: Some("nightly".to_owned()),
            states: vec![RunState::Queued, RunState::Waiting],
            trigger: Some(Trigger::Backfill),
            after: RunPlace::parse("1000-00000000000000000000000000000007"),
            limit: 5,
            ..RunFilter::default()
        };
        let (some, values) = filter.statement();
        let conditions = "where run.job = any (array[$1]) and run.state in ('queued', 'waiting') and run.trigger = 'backfill' \
                          and (run.created_at, run.id) < ($2, $3)";
        assert!(some.contains(conditions) && some.contains("limit $4") && values.len() == 4, "{some}");
    }

    #[test]
    fn a_place_is_read_back_and_nonsense_is_not() {
        let place = RunPlace { created_at: DateTime::UNIX_EPOCH, id: RunId(uuid::Uuid::from_u128(7)) };
        assert_eq!(RunPlace::parse(&place.text()), Some(place));
        for nonsense in ["", "-", "1-2", "x-00000000000000000000000000000007", "99999999999999999999-0"] {
            assert_eq!(RunPlace::parse(nonsense), None, "{nonsense}");
        }
    }
}
