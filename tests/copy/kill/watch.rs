//! A reader of the staging table that never stops looking.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use windlass::postgres::{PgError, Server, Session};

use super::{ROWS, TABLE};

/// What a look must find: so many rows, each once, all of the old generation or all of the new.
#[derive(Default)]
pub(super) struct Watch {
    /// The generation that is being copied.
    pub(super) newest: AtomicI32,
    /// Looks so far.
    pub(super) looks: AtomicU64,
}

impl Watch {
    /// Looks for as long as it is polled; ends, with what is wrong, at the first look that finds anything else.
    pub(super) async fn look(self: Arc<Self>, server: Server) -> String {
        let mut seen = 0;
        loop {
            let Ok(session) = server.connect("test-reader").await else { continue };
            match self.look_with(&session, &mut seen).await {
                // A server that was crashed throws its readers out, too.
                Err(error) if session.client().is_closed() || error.sqlstate.is_none() => {}
                Err(error) => return error.to_string(),
                Ok(wrong) => return wrong,
            }
        }
    }

    async fn look_with(&self, session: &Session, seen: &mut i32) -> Result<String, PgError> {
        let look = format!("select count(*), count(distinct id), sum(id)::bigint, min(gen), max(gen) from {TABLE}");
        loop {
            // Read before the look: what is found may be newer than what was the newest then.
            let row = session.query_one(&look, &[], "reading").await?;
            let (rows, ids, sum): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
            let (oldest, newest): (Option<i32>, Option<i32>) = (row.get(3), row.get(4));
            let whole = rows == ROWS && ids == ROWS && sum == ROWS * (ROWS + 1) / 2 && oldest == newest;
            let generation = newest.unwrap_or(-1);
            if !whole || generation < *seen || generation > self.newest.load(Ordering::SeqCst) {
                return Ok(format!(
                    "{rows} rows of {ids} ids, sum {sum}, generations {oldest:?} to {newest:?}, after {seen}"
                ));
            }
            *seen = generation;
            self.looks.fetch_add(1, Ordering::Relaxed);
        }
    }
}
