//! Wrong tokens, counted by address, so that nobody can try them one after the other.
//!
//! Only failures count: whoever has the right token is never slowed down by its own requests. An address that has used
//! up its failures is refused before its token is looked at, or guessing on would still tell when one is right. Behind a
//! proxy all have the proxy's address; there the proxy should limit.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

/// Failures that an address may have at once: a person who mistypes, a program that was just reconfigured.
const AT_ONCE: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// After which time one more is allowed.
const ONE_MORE: Duration = Duration::from_secs(6);

/// Addresses that are remembered before those with nothing left to remember are dropped.
const MANY: usize = 4096;

/// Counts failures.
pub(super) struct Failures {
    counts: RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock>,
    /// Addresses that have used up theirs, until then.
    refused: Mutex<HashMap<IpAddr, Instant>>,
}

impl Default for Failures {
    fn default() -> Self {
        let quota = Quota::with_period(ONE_MORE).unwrap_or_else(|| Quota::per_minute(AT_ONCE)).allow_burst(AT_ONCE);
        Self { counts: RateLimiter::hashmap(quota), refused: Mutex::default() }
    }
}

impl Failures {
    /// How long an address is refused still; `None`: it may try.
    pub(super) fn refused(&self, address: IpAddr) -> Option<Duration> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let until = *refused.get(&network(address))?;
        until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// Counts a failure.
    pub(super) fn count(&self, address: IpAddr) {
        let network = network(address);
        let Err(not_yet) = self.counts.check_key(&network) else { return };
        let now = Instant::now();
        let until = now + not_yet.wait_time_from(DefaultClock::default().now());
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.insert(network, until);
        if refused.len() > MANY || self.counts.len() > MANY {
            refused.retain(|_, until| *until > now);
            self.counts.retain_recent();
        }
    }
}

/// What one guesser has: an address, or of IPv6 the network of 64 bits that is given out as one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let bits = address.to_bits() >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from_bits(bits))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_fails_too_often_is_refused_and_others_are_not() {
        let failures = Failures::default();
        let (guesser, other) = ("203.0.113.7".parse().unwrap(), "203.0.113.8".parse().unwrap());
        for _ in 0..=AT_ONCE.get() {
            assert_eq!(failures.refused(guesser), None);
            failures.count(guesser);
        }
        assert!(failures.refused(guesser).is_some_and(|left| left <= ONE_MORE));
        assert_eq!(failures.refused(other), None);
    }

    #[test]
    fn addresses_of_one_network_count_together() {
        let failures = Failures::default();
        for host in 0..=AT_ONCE.get() {
            failures.count(format!("2001:db8:1:2::{host:x}").parse().unwrap());
        }
        assert!(failures.refused("2001:db8:1:2:ffff::1".parse().unwrap()).is_some());
        assert!(failures.refused("2001:db8:1:3::1".parse().unwrap()).is_none());
    }
}
