//! Who did what: each action of a person or a token, as it was done.
//!
//! What an action changes in the state database and its entry here are one commit, so neither is there without the
//! other. What it changes elsewhere can't be: there the entry comes first, and what came of it is added.

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio_postgres::Row;

use super::connection::Transaction;
use super::error::StoreError;
use super::pool::{Store, database};
use crate::domain::ids::RunId;

const NOTING: &str = "noting an action";

/// Whoever acts.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The user of the system, or the token's name.
    pub name: String,
    /// How.
    pub via: Via,
}

/// By which way somebody acts: names of users and of tokens are told apart by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// A command; the name is the system's.
    Command,
    /// The API or a page; the name is the token's.
    Http,
}

/// What is done.
#[derive(Clone, Debug, Default)]
pub struct Act<'a> {
    /// A stable word: `trigger`, `cancel`.
    pub action: &'static str,
    /// The job.
    pub job: Option<&'a str>,
    /// The run.
    pub run: Option<RunId>,
    /// What else was said: a note, from which step.
    pub detail: Value,
}

/// An action as a list shows it.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Act)]
pub struct AuditRow {
    /// Its number; later ones are greater.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// The user of the system, or the token's name; `local` where no token is set.
    pub actor: String,
    /// `command` or `http`.
    pub via: String,
    /// What: `run`, `trigger`, `cancel`, `retry`, `pause`, `resume`, `backfill`, `rollback`, `notify_test`.
    pub action: String,
    /// The job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// What else was said; for what is done outside the state database also what came of it.
    #[schema(value_type = Object)]
    pub detail: Value,
}

/// Which actions a list shows, newest first.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// On this job only.
    pub job: Option<String>,
    /// On this run only.
    pub run: Option<RunId>,
    /// Before this one only.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

impl Via {
    /// The stable word.
    const fn label(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Http => "http",
        }
    }
}

impl Store {
    /// Notes what somebody is about to do outside the state database, and returns the entry's number for `came_of`.
    pub async fn intends(&self, actor: &Actor, act: &Act<'_>) -> Result<i64, StoreError> {
        self.transaction(NOTING, async |transaction| note(transaction, actor, act).await).await
    }

    /// Adds what came of it to an entry.
    pub async fn came_of(&self, entry: i64, said: &Value) -> Result<(), StoreError> {
        self.transaction(NOTING, async |transaction| add(transaction, entry, said).await).await
    }

    /// What was done, newest first.
    pub async fn acts(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError> {
        const DOING: &str = "reading what was done";
        self.call(DOING, async |connection| {
            let (run, limit) = (filter.run.map(|run| run.0), i64::from(filter.limit));
            let rows = connection
                .query(include_str!("sql/audit_list.sql"), &[&filter.before, &filter.job, &run, &limit])
                .await
                .map_err(database(DOING))?;
            Ok(rows.iter().map(audit_row).collect())
        })
        .await
    }

    /// What was done to a run, oldest first.
    pub async fn acts_of(&self, run: RunId) -> Result<Vec<AuditRow>, StoreError> {
        const DOING: &str = "reading what was done";
        self.call(DOING, async |connection| {
            let rows =
                connection.query(include_str!("sql/audit_of_run.sql"), &[&run.0]).await.map_err(database(DOING))?;
            Ok(rows.iter().map(audit_row).collect())
        })
        .await
    }
}

/// Notes what somebody does in the transaction that does it, and returns the entry's number.
pub(super) async fn note(transaction: &Transaction<'_>, actor: &Actor, act: &Act<'_>) -> Result<i64, StoreError> {
    let run = act.run.map(|run| run.to_string());
    let subject = act.job.into_iter().chain(run.as_deref()).collect::<Vec<_>>().join(" ");
    let detail = if act.detail.is_null() { Value::Object(serde_json::Map::new()) } else { act.detail.clone() };
    let run = act.run.map(|run| run.0);
    let row = transaction
        .query_one(
            include_str!("sql/audit.sql"),
            &[&actor.name, &actor.via.label(), &act.action, &subject, &act.job, &run, &detail],
        )
        .await
        .map_err(database(NOTING))?;
    Ok(row.get("id"))
}

/// Adds to what an entry says.
pub(super) async fn add(transaction: &Transaction<'_>, entry: i64, said: &Value) -> Result<(), StoreError> {
    transaction.execute(include_str!("sql/audit_add.sql"), &[&entry, said]).await.map_err(database(NOTING))?;
    Ok(())
}

fn audit_row(row: &Row) -> AuditRow {
    AuditRow {
        id: row.get("id"),
        at: row.get("at"),
        actor: row.get("actor"),
        via: row.get("via"),
        action: row.get("action"),
        job: row.get("job"),
        run: row.get::<_, Option<uuid::Uuid>>("run").map(RunId),
        detail: row.get("detail"),
    }
}
