//! The machine's clock, for answers.

use chrono::{DateTime, Utc};

/// Now. What is decided by time is decided by the state database's clock; this one is for sessions and for due times that
/// are shown, where minutes make no difference.
#[expect(clippy::disallowed_methods, reason = "the one place where answers read the machine's clock")]
pub(super) fn now() -> DateTime<Utc> {
    Utc::now()
}
