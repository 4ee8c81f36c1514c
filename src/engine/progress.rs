//! How far an attempt is, written to the state database every now and then for those who look from elsewhere.

use std::time::Duration;

use tokio::sync::watch;

use super::host::AttemptHost;
use crate::domain::progress::Progress;

/// The least time between two writes: people look in seconds, and a write of every step of every run is not free.
const EVERY: Duration = Duration::from_secs(2);

/// The newest progress that a step has told.
pub(super) struct Newest(watch::Sender<Option<Progress>>);

impl Newest {
    /// Nothing has been told yet.
    pub(super) fn none() -> Self {
        Self(watch::Sender::new(None))
    }

    /// A step has told how far it is.
    pub(super) fn set(&self, progress: Progress) {
        self.0.send_replace(Some(progress));
    }
}

impl AttemptHost {
    /// Records progress for as long as it is polled.
    pub(super) async fn record_progress(&self) {
        let mut newest = self.newest.0.subscribe();
        newest.mark_changed();
        while newest.changed().await.is_ok() {
            let progress = newest.borrow_and_update().clone();
            if let Some(mut progress) = progress {
                progress.phase = self.shared.masker.text(&progress.phase).into_owned();
                let (store, me) = (&self.shared.store, self.shared.me.id);
                // A database that is away misses it; the step goes on, and there will be a newer one.
                drop(store.progress(me, self.run, self.step_index, self.number, &progress).await);
            }
            tokio::time::sleep(EVERY).await;
        }
    }
}
