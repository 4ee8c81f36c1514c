//! Markers: what makes rows that are added arrive exactly once.
//!
//! Rows that can't be loaded twice without harm are committed together with a row that names the run and step, in the
//! same transaction, on the target. An attempt looks for it first: a daemon may have died after the commit and before
//! it could record its success.

use crate::postgres::{PgError, Place, Session, literal};

use super::StepContext;

/// The table of markers. It stands in the schema of the table that was loaded, because it must be in the same
/// transaction.
pub(super) const TABLE: &str = "windlass_marker";

/// How long a marker is kept: far longer than any run is tried again.
const KEPT: &str = "interval '90 days'";

/// Who loaded rows.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    run: String,
    step: String,
}

impl Mark {
    /// The mark of this run and step, whichever attempt.
    pub(super) fn of(context: &StepContext) -> Self {
        Self { run: context.run.to_string(), step: context.step_id.clone() }
    }

    /// Asks how many rows this run and step have loaded. The table's name comes quoted.
    pub(super) fn find(&self, markers: &str) -> String {
        format!("select rows from {markers} where run = {} and step = {}", literal(&self.run), literal(&self.step))
    }

    /// Leaves a marker and forgets those of old.
    pub(super) fn leave(&self, markers: &str, rows: u64) -> Vec<String> {
        let (run, step) = (literal(&self.run), literal(&self.step));
        vec![
            format!("delete from {markers} where committed_at < now() - {KEPT}"),
            format!("insert into {markers} (run, step, rows) values ({run}, {step}, {rows})"),
        ]
    }

    /// How many rows this run and step have committed beside that table, if they have.
    pub(super) async fn found(&self, session: &Session, place: &Place) -> Result<Option<u64>, PgError> {
        let doing = "looking for the marker of an earlier attempt";
        let markers = place.beside(TABLE).to_string();
        let exists = session.query_one("select to_regclass($1) is not null", &[&markers], doing).await?;
        if !exists.get::<_, bool>(0) {
            return Ok(None);
        }
        let row = session.query_opt(&self.find(&markers), &[], doing).await?;
        Ok(row.map(|row| u64::try_from(row.get::<_, i64>(0)).unwrap_or_default()))
    }
}

/// Makes the table of markers.
pub(super) fn make(markers: &str) -> String {
    format!(
        "create table if not exists {markers} (run text not null, step text not null, rows bigint not null, \
         committed_at timestamp with time zone not null default now(), primary key (run, step))"
    )
}

/// Makes PostgreSQL's table of markers where there is none.
pub(super) async fn prepare(session: &Session, place: &Place) -> Result<String, PgError> {
    let markers = place.beside(TABLE).to_string();
    prepare_table(session, &markers, &make(&markers), "making the table of markers").await?;
    Ok(markers)
}

/// Makes a table by that statement where there is none. Two that do it at once are told apart by the server; the one
/// that comes too late finds it made.
pub(super) async fn prepare_table(session: &Session, table: &str, make: &str, doing: &str) -> Result<(), PgError> {
    let exists = session.query_one("select to_regclass($1) is not null", &[&table], doing).await?;
    if exists.get::<_, bool>(0) {
        return Ok(());
    }
    // Which of them the late one meets depends on how late it is: the catalogue's unique index, the table, or its row type.
    match session.execute(make, doing).await {
        Err(error) if ["23505", "42P07", "42710"].iter().any(|code| error.is(code)) => Ok(()),
        made => made.map(drop),
    }
}
