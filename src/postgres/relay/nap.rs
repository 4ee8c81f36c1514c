//! Naps: what keeps a relay from being woken for every 8 KiB that a server sends.
//!
//! A server writes its rows in small pieces, and each piece that arrives wakes whoever waits for it; on a machine with
//! nothing else to do, going to sleep and waking up cost more than all the copying. So after something was moved, the
//! thread sleeps for as long as the sockets' own buffers keep both servers busy, and then finds many pieces at once.
//!
//! It is the thread that sleeps, not the task: a timer of the runtime would be woken for each piece all the same, and
//! knows no time below a millisecond. So that others are served meanwhile, at most half of the runtime's threads nap at a
//! time, and none where there is only one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How long. A Unix socket holds about 200 KiB, which is what the faster of two servers moves in this time. Measured
/// with `benches/relay.rs` on two idle cores, 749 MB in binary, medians of 3: without naps 0.93 s of own CPU, with 0.1 ms
/// 0.89 s, with 0.3 ms 0.55 s, with 0.5 ms 0.48 s, with 1 ms 0.48 s; two psql in a pipe 1.15 s. The time by the clock was
/// the same up to 0.7 ms, and a tenth longer with 1 ms.
const NAP: Duration = Duration::from_micros(500);

/// Threads of this process that nap now.
static NAPPING: AtomicUsize = AtomicUsize::new(0);

/// Sleeps for a moment, unless too many do.
pub(super) fn nap() {
    let threads = tokio::runtime::Handle::try_current().map_or(1, |runtime| runtime.metrics().num_workers());
    if let Some(_bed) = Bed::take(threads / 2) {
        std::thread::sleep(NAP);
    }
}

/// One of the places for those who nap.
struct Bed;

impl Bed {
    fn take(beds: usize) -> Option<Self> {
        let taken = NAPPING
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |napping| (napping < beds).then_some(napping + 1));
        taken.ok().map(|_| Self)
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        NAPPING.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_threads_may_nap_and_a_bed_is_free_again() {
        assert!(Bed::take(0).is_none());
        let one = Bed::take(1);
        assert!(one.is_some() && Bed::take(1).is_none());
        drop(one);
        assert!(Bed::take(1).is_some());
    }
}
