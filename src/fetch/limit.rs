//! How many requests are sent in a time, whoever sends them.
//!
//! A limit has a name: a host, or one that several jobs agree on. Whoever sends under a name passes every limit that was
//! lately set for it, so jobs that disagree keep to the strictest. Requests are spread evenly and sent in the order in
//! which they were asked for.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::time::sleep;

/// How long a limit is remembered that nobody has used: a job file that was changed is forgotten after that.
const REMEMBERED: Duration = Duration::from_mins(1);

/// The limits of a process.
#[derive(Debug, Default)]
pub struct RateLimits(Mutex<HashMap<String, Vec<Limit>>>);

#[derive(Debug)]
struct Limit {
    rate: (u32, Duration),
    gate: Arc<Gate>,
    used: Instant,
}

/// Lets requests through one by one.
#[derive(Debug)]
struct Gate {
    limiter: DefaultDirectRateLimiter,
    /// Who is at its head waits for the next free moment; the others behind, first come, first served.
    queue: tokio::sync::Mutex<()>,
}

impl RateLimits {
    /// Waits until a request may be sent under that name, which allows so many in that time. `waiting` hears when there
    /// is a wait.
    pub async fn pass(&self, name: &str, rate: (u32, Duration), mut waiting: impl FnMut()) {
        for gate in self.gates(name, rate) {
            let _turn = if let Ok(turn) = gate.queue.try_lock() {
                turn
            } else {
                waiting();
                gate.queue.lock().await
            };
            while let Err(not_yet) = gate.limiter.check() {
                waiting();
                sleep(not_yet.wait_time_from(DefaultClock::default().now())).await;
            }
        }
    }

    /// All that must be passed under that name, the strictest first.
    fn gates(&self, name: &str, rate: (u32, Duration)) -> Vec<Arc<Gate>> {
        let now = Instant::now();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, limits| {
            limits.retain(|limit| now.duration_since(limit.used) < REMEMBERED.max(limit.rate.1));
            !limits.is_empty()
        });
        let limits = known.entry(name.to_owned()).or_default();
        match limits.iter_mut().find(|limit| limit.rate == rate) {
            Some(limit) => limit.used = now,
            None => limits.extend(gate(rate).map(|gate| Limit { rate, gate: Arc::new(gate), used: now })),
        }
        limits.sort_by_key(|limit| std::cmp::Reverse(interval(limit.rate)));
        limits.iter().map(|limit| Arc::clone(&limit.gate)).collect()
    }
}

fn interval((requests, per): (u32, Duration)) -> Duration {
    per / requests.max(1)
}

/// `None` for a rate that allows more than can be told apart from no limit.
fn gate(rate: (u32, Duration)) -> Option<Gate> {
    let quota = Quota::with_period(interval(rate))?.allow_burst(NonZeroU32::MIN);
    Some(Gate { limiter: RateLimiter::direct(quota), queue: tokio::sync::Mutex::new(()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_of_one_name_are_spread_and_those_of_another_are_not_held_up() {
        let limits = RateLimits::default();
        let rate = (20, Duration::from_secs(1));
        let started = Instant::now();
        let mut waits = 0;
        for _ in 0..5 {
            limits.pass("h", rate, || waits += 1).await;
        }
        // The time is what is tested: four intervals of 50 ms lie between five requests.
        assert!(started.elapsed() >= Duration::from_millis(190) && waits >= 4, "{:?} {waits}", started.elapsed());
        limits.pass("other", rate, || panic!("nobody else sends there")).await;
    }

    #[tokio::test]
    async fn the_strictest_limit_of_a_name_holds_for_all() {
        let limits = RateLimits::default();
        limits.pass("h", (1, Duration::from_millis(100)), || ()).await;
        let mut waited = false;
        limits.pass("h", (1000, Duration::from_secs(1)), || waited = true).await;
        assert!(waited);
    }
}
