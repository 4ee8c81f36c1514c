//! Numbers, times and ids for people's eyes.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::domain::amount;
pub(super) use crate::domain::amount::count;
use crate::domain::ids::RunId;

/// Digits of a run's id that are shown at least: the first two groups, which are its time.
const SHORTEST: usize = 13;

/// A duration in its two largest units: `3m 12s`, `12.3s`, `85ms`.
pub(super) fn duration(duration: Duration) -> String {
    amount::duration(duration, "")
}

/// A size: `511.0 MiB`.
pub(super) fn bytes(number: u64) -> String {
    indicatif::BinaryBytes(number).to_string()
}

/// A time in UTC to the second.
pub(super) fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A time in a zone with its offset.
pub(super) fn local_time(time: DateTime<Utc>, zone: chrono_tz::Tz) -> String {
    time.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// What there is, or a dash.
pub(super) fn or_dash<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), show)
}

/// Ids cut to a length at which they still differ.
pub(super) fn short_ids(ids: &[RunId]) -> Vec<String> {
    let full: Vec<String> = ids.iter().map(ToString::to_string).collect();
    // The same run may be there twice, with two locks.
    let distinct = |length: usize| full.iter().map(|id| &id[..length]).collect::<std::collections::BTreeSet<_>>().len();
    let differ = |length: usize| distinct(length) == distinct(36);
    let length = (SHORTEST..36).find(|length| differ(*length)).unwrap_or(36);
    full.iter().map(|id| id[..length].to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_ids_still_differ() {
        let ids = [RunId(uuid::Uuid::from_u128(1)), RunId(uuid::Uuid::from_u128(2))];
        let short = short_ids(&ids);
        assert_ne!(short[0], short[1]);
        assert_eq!(short_ids(&ids[..1])[0].len(), SHORTEST);
    }
}
