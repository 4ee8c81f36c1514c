//! Jobs as job files say them: saved many at a time, retired when their file is gone.
//!
//! What was due by a schedule that ends here, because it is changed or its file is gone, comes into the ledger first, so
//! that no due time is left without a word.

use std::collections::BTreeMap;

use tokio_postgres::types::Json;

use super::connection::Transaction;
use super::definition::Definition;
use super::error::StoreError;
use super::planning::plan;
use super::pool::{Store, database};
use super::wake::Wake;
use crate::domain::firing::Reason;
use crate::domain::schedule::Schedule;

/// Jobs saved in one transaction: a few hundred kilobytes, well within a call's deadline.
const JOBS: usize = 200;

const SAVE: &str = "saving job definitions";

/// A job that was saved because it had changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The job.
    pub job: String,
    /// The hash of the definition that it had until now; `None` if there was no such job, or it was retired.
    pub before: Option<String>,
    /// The hash of the one that it has now.
    pub now: String,
}

impl Store {
    /// Makes these the jobs: new and changed ones are saved, jobs that are not among them are retired. A changed
    /// schedule starts from now.
    pub async fn save_jobs(&self, definitions: &[Definition]) -> Result<(), StoreError> {
        self.save_changed(definitions).await?;
        let names: Vec<&str> = definitions.iter().map(|definition| definition.job.name.as_str()).collect();
        self.retire_others(&names).await?;
        Ok(())
    }

    /// Saves one job; others stay as they are. Returns its definition's hash.
    pub async fn save_job(&self, definition: &Definition) -> Result<String, StoreError> {
        self.save_changed(std::slice::from_ref(definition)).await?;
        Ok(definition.hash())
    }

    /// Saves jobs that differ from what is saved, and says which did.
    pub async fn save_changed(&self, definitions: &[Definition]) -> Result<Vec<Saved>, StoreError> {
        let mut saved = Vec::new();
        let mut parts = definitions.chunks(JOBS).peekable();
        while let Some(part) = parts.next() {
            let more = self
                .transaction(SAVE, async |transaction| {
                    let changed = save(transaction, part).await?;
                    // Whoever hears of it looks at all jobs, so it is said once.
                    if parts.peek().is_none() && !(changed.is_empty() && saved.is_empty()) {
                        Wake::Jobs.notify(transaction).await.map_err(database(SAVE))?;
                    }
                    Ok(changed)
                })
                .await?;
            saved.extend(more);
        }
        Ok(saved)
    }

    /// Retires the jobs that are not among these, and says which.
    pub async fn retire_others(&self, names: &[&str]) -> Result<Vec<String>, StoreError> {
        const DOING: &str = "retiring jobs";
        self.transaction(DOING, async |transaction| {
            let rows =
                transaction.query(include_str!("sql/job_others.sql"), &[&names]).await.map_err(database(DOING))?;
            let gone: Vec<String> = rows.iter().map(|row| row.get("name")).collect();
            if !gone.is_empty() {
                plan(transaction, &gone, None, Some(Reason::Retired)).await?;
                transaction.execute(include_str!("sql/job_retire.sql"), &[&gone]).await.map_err(database(DOING))?;
                Wake::Jobs.notify(transaction).await.map_err(database(DOING))?;
            }
            Ok(gone)
        })
        .await
    }

    /// Says which jobs' files can't be read now, with what is wrong with them; those of all others can.
    pub async fn set_problems(&self, problems: &BTreeMap<String, String>) -> Result<(), StoreError> {
        const DOING: &str = "noting broken job files";
        let (names, texts): (Vec<&str>, Vec<&str>) =
            problems.iter().map(|(name, text)| (name.as_str(), text.as_str())).unzip();
        self.call(DOING, async |connection| {
            let changed = connection.execute(include_str!("sql/job_problems.sql"), &[&names, &texts]).await;
            changed.map(drop).map_err(database(DOING))
        })
        .await
    }
}

/// Saves those that differ from what is there.
async fn save(transaction: &Transaction<'_>, definitions: &[Definition]) -> Result<Vec<Saved>, StoreError> {
    // Rows are locked in the order of their names, by everybody.
    let new: BTreeMap<&str, (&Definition, String)> =
        definitions.iter().map(|one| (one.job.name.as_str(), (one, one.hash()))).collect();
    let names: Vec<&str> = new.keys().copied().collect();
    let schedules: Vec<Option<Json<&Schedule>>> =
        new.values().map(|(one, _)| one.job.schedule.as_ref().map(Json)).collect();
    let rows =
        transaction.query(include_str!("sql/job_compare.sql"), &[&names, &schedules]).await.map_err(database(SAVE))?;
    let mut before: BTreeMap<String, String> = BTreeMap::new();
    let mut edited: Vec<String> = Vec::new();
    for row in rows.iter().filter(|row| row.get("live")) {
        if row.get("edited") {
            edited.push(row.get("name"));
        }
        before.insert(row.get("name"), row.get("definition"));
    }
    let changed: BTreeMap<&str, &(&Definition, String)> = new
        .iter()
        .filter(|(name, (_, hash))| before.get(**name) != Some(hash))
        .map(|(name, one)| (*name, one))
        .collect();
    if changed.is_empty() {
        return Ok(Vec::new());
    }
    plan(transaction, &edited, None, Some(Reason::Edited)).await?;
    write(transaction, &changed).await?;
    let saved = changed.iter().map(|(name, (_, hash))| Saved {
        job: (*name).to_owned(),
        before: before.get(*name).cloned(),
        now: hash.clone(),
    });
    Ok(saved.collect())
}

async fn write(
    transaction: &Transaction<'_>,
    changed: &BTreeMap<&str, &(&Definition, String)>,
) -> Result<(), StoreError> {
    let names: Vec<&str> = changed.keys().copied().collect();
    let hashes: Vec<&str> = changed.values().map(|(_, hash)| hash.as_str()).collect();
    let sources: Vec<&str> = changed.values().map(|(one, _)| one.source.as_str()).collect();
    let jobs: Vec<_> = changed.values().map(|(one, _)| Json(&one.job)).collect();
    let bases: Vec<_> = changed.values().map(|(one, _)| one.base.to_string_lossy()).collect();
    let schedules: Vec<Option<Json<&Schedule>>> =
        changed.values().map(|(one, _)| one.job.schedule.as_ref().map(Json)).collect();
    let deadlines: Vec<Option<String>> =
        changed.values().map(|(one, _)| one.job.deadline.map(|deadline| deadline.to_string())).collect();
    transaction
        .execute(include_str!("sql/definition_save.sql"), &[&hashes, &names, &sources, &jobs, &bases])
        .await
        .map_err(database(SAVE))?;
    transaction
        .execute(include_str!("sql/job_save.sql"), &[&names, &hashes, &schedules, &deadlines])
        .await
        .map_err(database(SAVE))?;
    Ok(())
}
