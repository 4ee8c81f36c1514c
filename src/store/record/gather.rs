//! Facts about several runs in one commit.
//!
//! What runs have to record arrives while an earlier commit is on its way to the disk. Whoever comes meanwhile waits for
//! that commit's end and goes with all others who came, so a daemon with many short runs waits for the disk seldom, and a
//! lonely run never waits for anybody. A hint makes this matter more: commits with a `NOTIFY` pass PostgreSQL one by one.
//!
//! The ends of runs that others of their jobs may wait for go together too, but apart from all else: such a commit guards the
//! jobs' queues first, and somebody who is frozen may hold one of them for seconds. Who wants a lock waits for nobody else's
//! commit, so what moves a lock's queue goes alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::{Semaphore, oneshot};
use uuid::Uuid;

use super::facts::{Facts, facts};
use super::together::statements;
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
#[derive(Clone, Default)]
pub(in crate::store) struct Gathering(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Those that move no queue.
    plain: Line,
    /// Those that move the queues of their jobs.
    movers: Line,
}

/// Runs that share commits.
struct Line {
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

impl Default for Line {
    fn default() -> Self {
        Self { waiting: Mutex::default(), commits: Semaphore::new(COMMITS) }
    }
}

impl Line {
    fn add(&self, entry: Entry) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    /// Those who came first, all of one daemon.
    fn take(&self) -> Vec<Entry> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(first) = waiting.first().map(|entry| entry.me) else { return Vec::new() };
        let count = waiting.iter().take(TOGETHER).take_while(|entry| entry.me == first).count();
        waiting.drain(..count).collect()
    }
}

impl Store {
    /// Records facts together with those of others who came at the same time.
    pub(super) async fn record_together(
        &self,
        moves_queue: bool,
        me: DaemonId,
        run: RunId,
        writes: &[Write],
    ) -> Answer {
        let Inner { plain, movers } = &*self.gathering.0;
        let line = if moves_queue { movers } else { plain };
        let (answer, mut answered) = oneshot::channel();
        line.add(Entry { me, run, writes: writes.to_vec(), answer });
        loop {
            let turn = tokio::select! {
                biased;
                answer = &mut answered => return answer.unwrap_or_else(|_| forsaken()),
                turn = line.commits.acquire() => turn,
            };
            if turn.is_err() {
                return forsaken();
            }
            self.commit(line.take()).await;
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
