//! What became of a job's due times, with the local time and the reason in words beside what is stored.

use chrono::SecondsFormat;
use chrono_tz::Tz;
use serde::Serialize;

use crate::domain::firing::Reason;
use crate::store::FiringRow;

/// A firing as a list shows it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Firing)]
pub struct ShownFiring {
    /// What is stored.
    #[serde(flatten)]
    pub row: FiringRow,
    /// The due time in the job's zone.
    pub local: String,
    /// The reason in words.
    pub why: Option<String>,
}

/// A firing of a job in that zone.
pub fn shown(row: FiringRow, zone: Tz) -> ShownFiring {
    let local = row.scheduled_for.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::AutoSi, false);
    let why = row.reason.as_deref().map(|reason| words(reason).to_owned());
    ShownFiring { row, local, why }
}

/// A reason in words. One that a newer version has written is shown as it is.
pub fn words(reason: &str) -> &str {
    match Reason::from_label(reason) {
        Some(known) => known.words(),
        None => reason,
    }
}
