//! Definitions that were read once: a definition never changes, its hash is its name. Some can't be read: beside a daemon
//! of a newer version, those that say what only that one knows.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::definition::{StoredJob, stored};
use super::error::StoreError;
use super::pool::{Store, database, unreadable};

/// Most definitions that are kept; beyond it all are forgotten. Ten thousand jobs are the most that the engine is
/// measured with.
const MOST: usize = 10_000;

const DOING: &str = "reading definitions";

/// Definitions by hash.
#[derive(Clone, Default)]
pub(super) struct Definitions(Arc<Mutex<HashMap<String, Read>>>);

/// What came of reading one.
#[derive(Clone)]
enum Read {
    Job(Arc<StoredJob>),
    /// This version doesn't understand it, with what it stumbled over.
    Unreadable(String),
}

impl Definitions {
    fn known(&self, hashes: &HashSet<String>) -> HashMap<String, Read> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hashes.iter().filter_map(|hash| Some((hash.clone(), kept.get(hash)?.clone()))).collect()
    }

    fn keep(&self, hash: &str, read: &Read) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(hash.to_owned(), read.clone());
    }

    /// The hashes of those that can't be read.
    pub(super) fn unreadable(&self) -> Vec<String> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().filter(|(_, read)| matches!(read, Read::Unreadable(_))).map(|(hash, _)| hash.clone()).collect()
    }
}

impl Store {
    /// The definition of that hash.
    pub async fn definition(&self, hash: &str) -> Result<Option<StoredJob>, StoreError> {
        match self.read_definitions(HashSet::from([hash.to_owned()])).await?.into_values().next() {
            Some(Read::Job(job)) => Ok(Some(StoredJob::clone(&job))),
            Some(Read::Unreadable(why)) => Err(unreadable(DOING)(why)),
            None => Ok(None),
        }
    }

    /// Definitions by their hashes; those that this version can't read are left out.
    pub(super) async fn definitions(
        &self,
        hashes: HashSet<String>,
    ) -> Result<HashMap<String, Arc<StoredJob>>, StoreError> {
        let read = self.read_definitions(hashes).await?;
        let job = |(hash, read)| match read {
            Read::Job(job) => Some((hash, job)),
            Read::Unreadable(_) => None,
        };
        Ok(read.into_iter().filter_map(job).collect())
    }

    async fn read_definitions(&self, hashes: HashSet<String>) -> Result<HashMap<String, Read>, StoreError> {
        let mut found = self.definitions.known(&hashes);
        let missing: Vec<String> = hashes.into_iter().filter(|hash| !found.contains_key(hash)).collect();
        if missing.is_empty() {
            return Ok(found);
        }
        let rows = self
            .call(DOING, async |connection| {
                let read = include_str!("sql/definition_read.sql");
                connection.query(read, &[&missing]).await.map_err(database(DOING))
            })
            .await?;
        for row in &rows {
            let hash: String = row.get("hash");
            let read = match stored(row, DOING) {
                Ok(job) => Read::Job(Arc::new(job)),
                Err(StoreError::Unreadable { message, .. }) => {
                    tracing::warn!(
                        definition = hash,
                        "a job's definition can't be read by this version, its runs are left to daemons of a newer one: {message}"
                    );
                    Read::Unreadable(message)
                }
                Err(error) => return Err(error),
            };
            self.definitions.keep(&hash, &read);
            found.insert(hash, read);
        }
        Ok(found)
    }
}
