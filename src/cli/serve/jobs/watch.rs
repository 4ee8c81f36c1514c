//! Hears of changes in folders: from the system, and by a slow poll where the system says nothing (network disks, a
//! folder that is replaced as a whole).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::stamp::Stamp;

/// How often files are looked at without being told.
const POLL: Duration = Duration::from_secs(30);

/// How long it must be quiet after a change: saving a file is several of them, deploying a folder many.
const QUIET: Duration = Duration::from_millis(200);

/// Where it is never quiet, changes are looked at after this.
const LONGEST: Duration = Duration::from_secs(2);

/// A watch over folders.
pub(super) struct Watch {
    watcher: Option<RecommendedWatcher>,
    heard: Arc<Notify>,
    /// Folders that are watched, with what was there when that began; `None` for one that can't be watched.
    folders: BTreeMap<PathBuf, Option<(u64, u64)>>,
    /// When the next look is due in any case.
    look_at: Instant,
    /// Since when there has been a change that nobody has looked at yet.
    since: Option<Instant>,
}

impl Watch {
    /// A watch over nothing.
    pub(super) fn new() -> Self {
        let heard = Arc::new(Notify::new());
        let teller = Arc::clone(&heard);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // A look itself is an access. What went wrong may have hidden a change.
            if event.map_or(true, |event| is_change(event.kind)) {
                teller.notify_one();
            }
        });
        if let Err(error) = &watcher {
            tracing::warn!(%error, "folders can't be watched; job files are looked at every {POLL:?}");
        }
        Self { watcher: watcher.ok(), heard, folders: BTreeMap::new(), look_at: Instant::now() + POLL, since: None }
    }

    /// Watches these folders and no others.
    pub(super) fn follow(&mut self, folder: &Path, mut others: BTreeSet<PathBuf>) {
        others.insert(folder.to_owned());
        let Some(watcher) = &mut self.watcher else { return };
        self.folders.retain(|path, _| {
            let stays = others.contains(path);
            if !stays {
                // One that is gone can't be let go of, and needn't be.
                drop(watcher.unwatch(path));
            }
            stays
        });
        for path in others {
            let there = Stamp::of(&path).map(|stamp| stamp.identity());
            if there.is_some() && self.folders.get(&path) == Some(&there) {
                continue;
            }
            // What was there before may be watched still, under the same name.
            let known = self.folders.insert(path.clone(), None);
            if known.is_some() {
                drop(watcher.unwatch(&path));
            }
            match watcher.watch(&path, RecursiveMode::NonRecursive) {
                Ok(()) => drop(self.folders.insert(path, there)),
                Err(error) if known.is_none() => {
                    tracing::warn!(folder = %path.display(), %error, "can't be watched; looked at every {POLL:?}");
                }
                Err(_) => {}
            }
        }
    }

    /// The next look comes within this, or at the usual time.
    pub(super) fn look_within(&mut self, pause: Option<Duration>) {
        self.look_at = Instant::now() + pause.unwrap_or(POLL);
    }

    /// Waits until something may have changed and it has been quiet since. May be dropped and called again.
    pub(super) async fn changed(&mut self) {
        loop {
            let quiet_at = self.since.map(|since| (Instant::now() + QUIET).min(since + LONGEST));
            let until = quiet_at.map_or(self.look_at, |at| at.min(self.look_at));
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(until) => {
                    self.since = None;
                    self.look_at = Instant::now() + POLL;
                    return;
                }
                () = self.heard.notified() => drop(self.since.get_or_insert_with(Instant::now)),
            }
        }
    }
}

fn is_change(kind: EventKind) -> bool {
    !kind.is_access() || kind == EventKind::Access(AccessKind::Close(AccessMode::Write))
}
