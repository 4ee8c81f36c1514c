//! How far an attempt is, written to the state database every now and then for those who look from elsewhere.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::host::AttemptHost;
use crate::domain::progress::{Progress, Series};

/// The least time between two writes: people look in seconds, and a write of every step of every run is not free.
const EVERY: Duration = Duration::from_secs(2);

/// The newest progress that a step has told, and how far it was before.
pub(super) struct Newest {
    told: watch::Sender<Option<Progress>>,
    series: Mutex<Series>,
    since: Instant,
}

impl Newest {
    /// Nothing has been told yet.
    pub(super) fn none() -> Self {
        Self { told: watch::Sender::new(None), series: Mutex::default(), since: Instant::now() }
    }

    /// A step has told how far it is.
    pub(super) fn set(&self, progress: Progress) {
        self.told.send_replace(Some(progress));
    }

    /// Takes a sample of it, and returns it with all samples.
    fn sampled(&self, progress: Progress) -> Progress {
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        series.add(self.since.elapsed(), &progress);
        Progress { samples: series.samples().to_vec(), ..progress }
    }

    /// Whether it went on for so long that its end belongs to the picture.
    fn is_a_curve(&self) -> bool {
        self.series.lock().unwrap_or_else(PoisonError::into_inner).samples().len() > 1
    }
}

impl AttemptHost {
    /// Records progress for as long as it is polled.
    pub(super) async fn record_progress(&self) {
        let mut newest = self.newest.told.subscribe();
        newest.mark_changed();
        while newest.changed().await.is_ok() {
            let progress = newest.borrow_and_update().clone();
            if let Some(progress) = progress {
                self.record(progress).await;
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Records how far the attempt came, once it has ended: of one that failed, and of one that took its time.
    pub(super) async fn record_last_progress(&self, failed: bool) {
        let told = self.newest.told.borrow().clone();
        if let Some(progress) = told.filter(|_| failed || self.newest.is_a_curve()) {
            self.record(progress).await;
        }
    }

    async fn record(&self, progress: Progress) {
        let mut progress = self.newest.sampled(progress);
        progress.phase = self.shared.masker.text(&progress.phase).into_owned();
        let (store, me) = (&self.shared.store, self.shared.me.id);
        // A database that is away misses it; the step goes on, and there will be a newer one.
        drop(store.progress(me, self.run, self.step_index, self.number, &progress).await);
    }
}
