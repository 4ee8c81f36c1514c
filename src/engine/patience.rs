//! Whose silence counts: after the state database was away, that others haven't renewed their leases says nothing yet.
//!
//! A server that hangs for longer than a lease lets all leases lapse. Whoever reaches it first when it is back would give
//! up all the others, who are as well as it is.

use std::time::Duration;

use tokio::time::Instant;

use super::lease::RENEW_EVERY;

/// A pause between two answers that is longer than this is an interruption: a renewal and its deadline, and some.
const INTERRUPTED: Duration = RENEW_EVERY.saturating_mul(2);

/// How long others may need to come back: each tries again within a renewal and its deadline.
const BACK: Duration = RENEW_EVERY.saturating_mul(2);

/// What is known of the state database's absences.
#[derive(Debug, Default)]
pub(super) struct Patience {
    answered: Option<Instant>,
    until: Option<Instant>,
}

impl Patience {
    /// The state database has answered. Whether a lease that has lapsed may be judged by that.
    pub(super) fn answered(&mut self, now: Instant) -> bool {
        let interrupted = self.answered.is_none_or(|last| now.duration_since(last) > INTERRUPTED);
        self.answered = Some(now);
        if interrupted {
            self.until = Some(now + BACK);
        }
        self.until.is_none_or(|until| now >= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_judged_right_after_an_absence() {
        let (mut patience, start) = (Patience::default(), Instant::now());
        let mut after = |seconds: u64| patience.answered(start + Duration::from_secs(seconds));
        assert!(!after(0), "a daemon that has just started may have started because the server is back");
        assert!(!after(3));
        assert!(after(6));
        assert!(after(9));
        assert!(!after(30), "the server was away");
        assert!(!after(33));
        assert!(after(36));
    }
}
