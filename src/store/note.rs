//! Notes: what a step has made elsewhere, for an attempt that comes after a crash.
//!
//! A note is read by attempts of the same step of the same job, in the same run or once its run has ended. While a run
//! is open its notes are its own.

use tokio_postgres::types::Json;

use super::error::StoreError;
use super::pool::{Store, database};
use crate::domain::ids::{DaemonId, RunId};
use crate::domain::note::Note;

impl Store {
    /// Writes a note of a step of a run that is this daemon's.
    pub async fn write_note(
        &self,
        me: DaemonId,
        run: RunId,
        step: &str,
        name: &str,
        value: &serde_json::Value,
    ) -> Result<(), StoreError> {
        const DOING: &str = "writing a note";
        self.call(DOING, async |connection| {
            let insert = include_str!("sql/note_write.sql");
            let written = connection.execute(insert, &[&run.0, &me.0, &step, &name, &Json(value)]).await;
            match written.map_err(database(DOING))? {
                0 => Err(StoreError::NotOwner { doing: DOING }),
                _ => Ok(()),
            }
        })
        .await
    }

    /// Notes of a job's step: of this run, and of runs that have ended.
    pub async fn notes(&self, job: &str, step: &str, run: RunId) -> Result<Vec<Note>, StoreError> {
        const DOING: &str = "reading notes";
        self.call(DOING, async |connection| {
            let rows = connection.query(include_str!("sql/note_list.sql"), &[&job, &step, &run.0]).await;
            let note = |row: &tokio_postgres::Row| Note {
                run: RunId(row.get(0)),
                name: row.get(1),
                value: row.get(2),
                params: row.get::<_, Json<_>>(3).0,
            };
            Ok(rows.map_err(database(DOING))?.iter().map(note).collect())
        })
        .await
    }

    /// Removes a note. Without effect if it is gone already.
    pub async fn forget_note(&self, job: &str, step: &str, note: &Note) -> Result<(), StoreError> {
        const DOING: &str = "removing a note";
        self.call(DOING, async |connection| {
            let delete = include_str!("sql/note_forget.sql");
            connection.execute(delete, &[&job, &step, &note.run.0, &note.name]).await.map_err(database(DOING))?;
            Ok(())
        })
        .await
    }
}
