//! Facts about several runs in one commit.
//!
//! What runs have to record arrives while an earlier commit is on its way to the disk. Whoever comes meanwhile waits for
//! that commit's end and goes with all others who came, so a daemon with many short runs waits for the disk seldom, and a
//! lonely run never waits for anybody. A hint makes this matter more: commits with a `NOTIFY` pass PostgreSQL one by one.
//!
//! Only facts that move no queue go together: those that do guard the queues first, and would hold them for each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::{Semaphore, oneshot};
use uuid::Uuid;

use super::together::{Facts, facts, statements};
use super::{DOING, Write, already_written};
use crate::domain::ids::{DaemonId, RunId};
use crate::store::error::StoreError;
use crate::store::pool::{Store, database};

/// Commits on their way at once. The second is made ready while the first waits for the disk.
const COMMITS: usize = 2;

/// Most runs in one commit: what one of them did wrong costs all of them a second try.
const TOGETHER: usize = 32;

type Answer = Result<DateTime<Utc>, StoreError>;

/// What is to be recorded, and what is being recorded.
#[derive(Clone)]
pub(in crate::store) struct Gathering(Arc<Inner>);

struct Inner {
    waiting: Mutex<Vec<Entry>>,
    commits: Semaphore,
}

/// What one run has to record.
struct Entry {
    me: DaemonId,
    run: RunId,
    writes: Vec<Write>,
    answer: oneshot::Sender<Answer>,
}

impl Default for Gathering {
    fn default() -> Self {
        Self(Arc::new(Inner { waiting: Mutex::default(), commits: Semaphore::new(COMMITS) }))
    }
}

impl Gathering {
    fn add(&self, entry: Entry) {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    /// Those who came first, all of one daemon.
    fn take(&self) -> Vec<Entry> {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(first) = waiting.first().map(|entry| entry.me) else { return Vec::new() };
        let count = waiting.iter().take(TOGETHER).take_while(|entry| entry.me == first).count();
        waiting.drain(..count).collect()
    }
}

impl Store {
    /// Records facts that move no queue, together with those of others who came at the same time.
    pub(super) async fn record_together(&self, me: DaemonId, run: RunId, writes: &[Write]) -> Answer {
        let (answer, mut answered) = oneshot::channel();
        self.gathering.add(Entry { me, run, writes: writes.to_vec(), answer });
        loop {
            let turn = tokio::select! {
                biased;
                answer = &mut answered => return answer.unwrap_or_else(|_| forsaken()),
                turn = self.gathering.0.commits.acquire() => turn,
            };
            if turn.is_err() {
                return forsaken();
            }
            self.commit(self.gathering.take()).await;
        }
    }

    /// Records what these have to say, in one commit if that can be had, and answers them.
    async fn commit(&self, entries: Vec<Entry>) {
        let Some(me) = entries.first().map(|entry| entry.me) else { return };
        match self.write(me, &entries).await {
            Ok(times) => {
                for entry in entries {
                    let answer = match times.get(&entry.run.0) {
                        Some(now) => Ok(*now),
                        None => self.not_ours(entry.run, &entry.writes).await,
                    };
                    tell(entry.answer, answer);
                }
            }
            // What is wrong with one of them must not be held against the others.
            Err(error) if entries.len() > 1 && !error.is_unavailable() => {
                for entry in entries {
                    let answer = self.record_alone(me, entry.run, &entry.writes).await;
                    tell(entry.answer, answer);
                }
            }
            Err(error) => {
                let message = error.to_string();
                let mut error = Some(error);
                for entry in entries {
                    let again = || StoreError::Unavailable { doing: DOING, message: message.clone() };
                    tell(entry.answer, Err(error.take().unwrap_or_else(again)));
                }
            }
        }
    }

    /// One transaction. Returns the database's time for each run that was the daemon's.
    async fn write(&self, me: DaemonId, entries: &[Entry]) -> Result<HashMap<Uuid, DateTime<Utc>>, StoreError> {
        let all: Vec<(RunId, Facts<'_>)> =
            entries.iter().filter_map(|entry| Some((entry.run, facts(&entry.writes)?))).collect();
        let (own_at, calls) = statements(me, &all);
        self.call(DOING, async |connection| {
            let answers = connection.at_once(&calls).await.map_err(database(DOING))?;
            let own = answers.get(own_at).map(Vec::as_slice).unwrap_or_default();
            Ok(own.iter().map(|row| (row.get("id"), row.get("now"))).collect())
        })
        .await
    }

    async fn not_ours(&self, run: RunId, writes: &[Write]) -> Answer {
        self.call(DOING, async |connection| already_written(connection, run, writes).await).await
    }
}

/// Whoever was asked to record it is gone; nobody knows whether it was.
fn forsaken() -> Answer {
    Err(StoreError::Unavailable { doing: DOING, message: "the call was given up".to_owned() })
}

/// Answers. Who doesn't wait any more has nothing left to do with it.
fn tell(to: oneshot::Sender<Answer>, answer: Answer) {
    drop(to.send(answer));
}
