//! The head of the line as it was read a moment ago: read once for several claims.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio_postgres::Row;
use uuid::Uuid;

use super::candidate::{Candidate, Way};
use super::{DOING, Scope};
use crate::domain::ids::DaemonId;
use crate::store::error::StoreError;
use crate::store::pool::{Store, database};

/// How many runs are read at once.
const READ: usize = 64;

/// How long what was read counts. A run that is called comes before those that were read, so not long; where many short
/// runs are in line it saves most of the reading.
const FRESH: Duration = Duration::from_millis(50);

/// The head of the line.
#[derive(Default)]
pub struct Line {
    candidates: VecDeque<Candidate>,
    read: Option<Instant>,
    /// Whether the line was longer than what was read.
    goes_on: bool,
}

impl Line {
    /// Whether it must be read again.
    pub(super) fn is_stale(&self) -> bool {
        self.candidates.is_empty() || self.read.is_none_or(|read| read.elapsed() > FRESH)
    }

    /// Whether there is nothing else to look at.
    pub(super) fn is_at_its_end(&self) -> bool {
        self.candidates.is_empty() && !self.goes_on
    }

    /// The next runs that all can have the same in their way: as many as are claimed together, at most so many.
    pub(super) fn take(&mut self, most: usize) -> (Vec<Candidate>, Way) {
        let Some(way) = self.candidates.front().map(Candidate::way) else { return (Vec::new(), Way::Free) };
        let alike =
            self.candidates.iter().take(most.min(way.at_once())).take_while(|candidate| candidate.way() == way).count();
        (self.candidates.drain(..alike).collect(), way)
    }
}

impl Store {
    /// Reads the head of the line.
    pub(super) async fn read_line(&self, me: DaemonId, scope: Scope) -> Result<Line, StoreError> {
        let read = Some(Instant::now());
        let own_only = scope == Scope::Own;
        let most = i64::try_from(READ).unwrap_or(i64::MAX);
        let head = include_str!("../sql/claim_candidate.sql");
        let unreadable = self.definitions.unreadable();
        let rows: Vec<Row> = self
            .call(DOING, async |connection| {
                connection.query(head, &[&me.0, &own_only, &most, &unreadable]).await.map_err(database(DOING))
            })
            .await?;
        match rows.first() {
            None => return Err(StoreError::NotOwner { doing: DOING }),
            Some(row) if row.get::<_, Option<Uuid>>("id").is_none() => return Ok(Line { read, ..Line::default() }),
            Some(_) => {}
        }
        let goes_on = rows.len() == READ;
        let hashes = rows.iter().map(|row| row.get("definition")).collect();
        let jobs = self.definitions(hashes).await?;
        let candidates = rows.into_iter().filter_map(|row| Candidate::new(row, &jobs, self)).collect();
        Ok(Line { candidates, read, goes_on })
    }
}
