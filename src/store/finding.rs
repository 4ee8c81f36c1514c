//! What each daemon found when it last looked at all that jobs need.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use super::definition::{StoredJob, stored};
use super::error::StoreError;
use super::pool::{Store, database};
use crate::domain::finding::{Finding, Verdict};
use crate::domain::ids::DaemonId;

/// Something that a daemon found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct FindingRow {
    /// The daemon.
    pub daemon: DaemonId,
    /// Where it runs.
    pub host: String,
    /// When it looked.
    pub at: DateTime<Utc>,
    /// What it found.
    #[serde(flatten)]
    pub finding: Finding,
}

impl Store {
    /// Notes what a daemon has found, in place of what it found before.
    pub async fn save_findings(&self, me: DaemonId, found: &[Finding]) -> Result<(), StoreError> {
        const DOING: &str = "noting what was found";
        let places: Vec<i32> = (0..).take(found.len()).collect();
        let texts = |of: fn(&Finding) -> &str| found.iter().map(of).collect::<Vec<&str>>();
        let maybe = |of: fn(&Finding) -> Option<&str>| found.iter().map(of).collect::<Vec<Option<&str>>>();
        let (subjects, whats) = (texts(|one| &one.subject), texts(|one| &one.what));
        let (verdicts, seen) = (texts(|one| one.verdict.label()), texts(|one| &one.seen));
        let (hints, mends) = (maybe(|one| one.hint.as_deref()), maybe(|one| one.mend.as_deref()));
        self.transaction(DOING, async |transaction| {
            transaction.execute(include_str!("sql/finding_remove.sql"), &[&me.0]).await.map_err(database(DOING))?;
            let save = include_str!("sql/finding_save.sql");
            let saved =
                transaction.execute(save, &[&me.0, &places, &subjects, &whats, &verdicts, &seen, &hints, &mends]).await;
            saved.map(drop).map_err(database(DOING))
        })
        .await
    }

    /// What daemons that are there have found.
    pub async fn findings(&self) -> Result<Vec<FindingRow>, StoreError> {
        const DOING: &str = "reading what was found";
        self.call(DOING, async |connection| {
            let rows = connection.query(include_str!("sql/finding_list.sql"), &[]).await.map_err(database(DOING))?;
            Ok(rows.iter().map(read).collect())
        })
        .await
    }

    /// All jobs that are not retired with their definitions, and what is wrong with their files. Definitions that this
    /// version can't read are left out.
    pub async fn all_jobs(&self) -> Result<Vec<(StoredJob, Option<String>)>, StoreError> {
        const DOING: &str = "reading all jobs";
        self.call(DOING, async |connection| {
            let rows = connection.query(include_str!("sql/job_definitions.sql"), &[]).await.map_err(database(DOING))?;
            Ok(rows.iter().filter_map(|row| Some((stored(row, DOING).ok()?, row.get("problem")))).collect())
        })
        .await
    }
}

fn read(row: &Row) -> FindingRow {
    let verdict: &str = row.get("verdict");
    FindingRow {
        daemon: DaemonId(row.get("daemon")),
        host: row.get("host"),
        at: row.get("at"),
        finding: Finding {
            subject: row.get("subject"),
            what: row.get("what"),
            // A verdict that a newer version has written is worth a look.
            verdict: Verdict::from_label(verdict).unwrap_or(Verdict::Warning),
            seen: row.get("seen"),
            hint: row.get("hint"),
            mend: row.get("mend"),
        },
    }
}
