//! The machine's clock, for commands that work without the state database.

use chrono::{DateTime, Utc};

/// Now.
#[expect(clippy::disallowed_methods, reason = "the one place where commands read the machine's clock")]
pub(super) fn now() -> DateTime<Utc> {
    Utc::now()
}
