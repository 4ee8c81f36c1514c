use schemars::JsonSchema;
use serde::Deserialize;

use super::Length;
use crate::domain::job::Overlap;
use crate::domain::schedule::{Gap, Missed, Repeat};

/// When a job is due: `cron` or `every`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Schedule")]
pub(crate) struct RawSchedule {
    /// Five fields (`30 6 * * mon-fri`), six with leading seconds, or `@hourly`, `@daily`, `@weekly`, `@monthly`.
    pub(crate) cron: Option<String>,
    /// A fixed interval, counted from 1970-01-01 00:00 UTC.
    pub(crate) every: Option<Length>,
    /// IANA time zone in which `cron` is read. Default: UTC.
    pub(crate) timezone: Option<String>,
    /// What happens to firings that no daemon was up for. Default: latest.
    pub(crate) missed: Option<Missed>,
    /// Older firings are recorded as missed and not run. Default: 24h.
    pub(crate) missed_window: Option<Length>,
    /// What happens when it is due while an earlier run of the job is still going. Default: queue.
    pub(crate) overlap: Option<Overlap>,
    /// A local time that daylight saving skips. Default: shift.
    pub(crate) gap: Option<Gap>,
    /// A local time that daylight saving repeats. Default: first.
    pub(crate) repeat: Option<Repeat>,
}
