//! Definitions that were read once: a definition never changes, its hash is its name.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::definition::{StoredJob, stored};
use super::error::StoreError;
use super::pool::{Store, database};

/// Most definitions that are kept; beyond it all are forgotten. Ten thousand jobs are the most that the engine is
/// measured with.
const MOST: usize = 10_000;

/// Definitions by hash.
#[derive(Clone, Default)]
pub(super) struct Definitions(Arc<Mutex<HashMap<String, Arc<StoredJob>>>>);

impl Definitions {
    fn known(&self, hashes: &HashSet<String>) -> HashMap<String, Arc<StoredJob>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hashes.iter().filter_map(|hash| Some((hash.clone(), Arc::clone(kept.get(hash)?)))).collect()
    }

    fn keep(&self, job: &Arc<StoredJob>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(job.hash.clone(), Arc::clone(job));
    }
}

impl Store {
    /// The definition of that hash.
    pub async fn definition(&self, hash: &str) -> Result<Option<StoredJob>, StoreError> {
        let found = self.definitions(HashSet::from([hash.to_owned()])).await?;
        Ok(found.into_values().next().map(|job| StoredJob::clone(&job)))
    }

    /// Definitions by their hashes.
    pub(super) async fn definitions(
        &self,
        hashes: HashSet<String>,
    ) -> Result<HashMap<String, Arc<StoredJob>>, StoreError> {
        const DOING: &str = "reading definitions";
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
            let job = Arc::new(stored(row, DOING)?);
            self.definitions.keep(&job);
            found.insert(job.hash.clone(), job);
        }
        Ok(found)
    }
}
