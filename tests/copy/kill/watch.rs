//! A reader of the staging tables that never stops looking.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};

use windlass::postgres::{PgError, Server, Session};

use super::job::Mode;

/// What is looked at, and what must be found: all of the old rows or all of the new.
#[derive(Default)]
pub(super) struct Watch {
    /// The job whose staging tables are looked at.
    mode: AtomicUsize,
    /// The generation that is being copied.
    newest: AtomicI32,
    /// The newest generation that was seen, for each job.
    seen: Mutex<[i32; Mode::ALL.len()]>,
    /// Looks so far.
    looks: AtomicU64,
}

impl Watch {
    /// Looks at that job's tables from now on, where a new generation is about to arrive.
    pub(super) fn turn_to(&self, mode: Mode, generation: i32) {
        self.newest.store(generation, Ordering::SeqCst);
        let place = Mode::ALL.iter().position(|one| *one == mode).unwrap();
        self.mode.store(place, Ordering::SeqCst);
    }

    /// How often it has looked.
    pub(super) fn looks(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
    }

    /// Looks for as long as it is polled; ends, with what is wrong, at the first look that finds anything else.
    pub(super) async fn look(self: Arc<Self>, server: Server) -> String {
        loop {
            let Ok(session) = server.connect("test-reader").await else { continue };
            match self.look_with(&session).await {
                // A server that was crashed throws its readers out, too.
                Err(error) if session.client().is_closed() || error.sqlstate.is_none() => {}
                Err(error) => return error.to_string(),
                Ok(wrong) => return wrong,
            }
        }
    }

    async fn look_with(&self, session: &Session) -> Result<String, PgError> {
        loop {
            let place = self.mode.load(Ordering::SeqCst);
            let mode = Mode::ALL[place];
            let row = session.query_one(&mode.look(), &[], "reading").await?;
            let (whole, found): (bool, Option<i32>) = (row.get(0), row.get(1));
            let generation = found.unwrap_or(-1);
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if !whole || generation < seen[place] || generation > self.newest.load(Ordering::SeqCst) {
                return Ok(format!("{mode:?}: whole: {whole}, generation {found:?} after {}", seen[place]));
            }
            seen[place] = generation;
            self.looks.fetch_add(1, Ordering::Relaxed);
        }
    }
}
