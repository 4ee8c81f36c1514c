//! A load into a PostgreSQL table.
//!
//! A table that is replaced is filled under a hidden name and swapped in. Rows that are added or replaced by key go
//! into a temporary table first, which is gone with its session, and from there into the table, in one transaction with
//! their marker.

use std::path::PathBuf;

use super::postgres_look::existing;
use super::table::Target;
use super::{copy_text, fit, postgres_types};
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::step::LoadMode;
use crate::postgres::replacement::{self, Coming, Replacement, Wanted};
use crate::postgres::{self, Ident, PgError, Place, Server, Session};
use crate::steps::collect::data::{Column, Data};
use crate::steps::spool::Spool;
use crate::steps::{StepContext, marker, rows, session, sweep};

/// Days are not guessed from their order, and no general limit ends a long load.
const SETTINGS: &str = "set datestyle = 'ISO, YMD'; set statement_timeout = 0; \
                        set idle_in_transaction_session_timeout = 0";

/// The temporary table of rows that are to be added.
const NEW_ROWS: &str = "pg_temp.windlass_new_rows";

/// Loads the data.
pub(super) async fn load(
    target: &Target<'_>,
    server: &Server,
    data: Data,
    spool: &Spool,
    context: &StepContext,
) -> Result<u64, Failure> {
    let (text, rows) = (spool.path("rows.csv"), data.rows);
    if rows > 0 {
        copy_text::write(&data, &text, context).await?;
    }
    let session = session::open(server, "target", Side::Target, context).await?;
    let loading = Loading { target, session, data, text, context };
    let result = match target.into.mode {
        LoadMode::Replace => Box::pin(loading.replace()).await,
        LoadMode::Append | LoadMode::Upsert => Box::pin(loading.add()).await,
    };
    let Loading { session, data, .. } = loading;
    session::end(session, &result, context).await;
    if result.is_err() {
        // Only now: while the session lived it could still have made the table.
        sweep::clean_up(server, context).await;
    }
    if let Err(error) = data.session.close().await {
        context.warn(error.to_string());
    }
    result.map(|()| rows)
}

/// A load under way.
struct Loading<'a> {
    target: &'a Target<'a>,
    session: Session,
    data: Data,
    /// The rows as text.
    text: PathBuf,
    context: &'a StepContext,
}

impl Loading<'_> {
    /// Fills a new table and swaps it in.
    async fn replace(&self) -> Result<(), Failure> {
        let (place, existing) = self.prepared().await?;
        let otherwise = if existing.is_some() { String::new() } else { self.definition()? };
        let replacement = self.plan(place, otherwise).await?;
        let new = replacement.hidden().to_string();
        self.execute(&replacement.create(), "making the new table").await?;
        self.fill(&new).await?;
        let only = std::slice::from_ref(&replacement);
        let complete = async {
            replacement::complete(&self.session, only).await?;
            self.session.execute(&format!("analyze {new}"), "analyzing the new table").await
        };
        self.until_stopped(complete).await?;
        self.context.unless_stopped(self.context.host.gate()).await??;
        self.until_stopped(replacement::swap(&self.session, only)).await
    }

    /// Plans the new table: like the one that is there, or by that definition.
    async fn plan(&self, place: Place, otherwise: String) -> Result<Replacement, Failure> {
        let hidden = self.context.hidden_name(0);
        let wanted = Wanted { place, hidden, coming: Coming::Like { otherwise }, unlogged: false, indexes: true };
        let plan = async { replacement::plan(&self.session, &[wanted]).await };
        let replacement = self.until_stopped(plan).await?.remove(0);
        if !replacement.lost().is_empty() {
            let (table, lost) = (&self.target.table, replacement.lost().join(", "));
            self.context.warn(format!("{table}: goes with the old table and is not made again: {lost}"));
        }
        Ok(replacement)
    }

    /// Adds rows, or replaces those of the same key, and leaves the marker.
    async fn add(&self) -> Result<(), Failure> {
        let (place, existing) = self.prepared().await?;
        let table = place.full().to_string();
        let markers = self.until_stopped(marker::prepare(&self.session, &place)).await?;
        self.execute("begin", "beginning the transaction").await?;
        if existing.is_none() {
            self.make(&table).await?;
        }
        if self.data.rows > 0 {
            self.add_rows(&table).await?;
        }
        for statement in self.target.mark.leave(&markers, self.data.rows) {
            self.execute(&statement, "leaving the marker").await?;
        }
        self.context.unless_stopped(self.context.host.gate()).await??;
        self.execute("commit", "committing").await
    }

    /// Makes the table within the transaction, unless another run that found none either has made it meanwhile: the
    /// second waits for the first, whose rows and table become visible together.
    async fn make(&self, table: &str) -> Result<(), Failure> {
        self.execute(&rows::wait_for_maker(table), "waiting for another run that makes the same table").await?;
        if self.prepared().await?.1.is_none() {
            self.execute(&format!("create table {table} ({})", self.definition()?), "making the table").await?;
        }
        Ok(())
    }

    async fn add_rows(&self, table: &str) -> Result<(), Failure> {
        let names: Vec<String> = self.data.columns.iter().map(|column| column.name.clone()).collect();
        let list = names.iter().map(|name| Ident::new(name.as_str()).to_string()).collect::<Vec<_>>().join(", ");
        // Of the table's own types, so that what doesn't fit is told with its line.
        let make =
            format!("create temporary table windlass_new_rows on commit drop as select {list} from {table} limit 0");
        self.execute(&make, "making a temporary table").await?;
        self.fill(NEW_ROWS).await?;
        let doing = format!("loading into {}", self.target.table);
        if self.target.into.mode != LoadMode::Upsert {
            return self.execute(&rows::insert(rows::Dialect::Postgres, table, NEW_ROWS, &names), &doing).await;
        }
        // Nobody may add a row of a new key between the two statements.
        let lock = format!("lock table {table} in share row exclusive mode; analyze {NEW_ROWS}");
        self.execute(&lock, &doing).await?;
        for statement in rows::upsert(rows::Dialect::Postgres, table, NEW_ROWS, &names, &self.target.into.key) {
            self.execute(&statement, &doing).await?;
        }
        Ok(())
    }

    /// The table's place and columns, which fit the data.
    async fn prepared(&self) -> Result<(Place, Option<Vec<Column>>), Failure> {
        let look = async {
            self.session.execute(SETTINGS, "preparing the session").await?;
            let place = postgres::place(&self.session, &self.target.table).await?;
            // Asked again: others may have changed the table while the data was fetched.
            let columns = existing(&self.session, &place).await?;
            Ok((place, columns))
        };
        let (place, existing) = self.until_stopped(look).await?;
        if let Some(existing) = &existing {
            fit::check(&self.target.table, &self.data.columns, existing, |one, other| one == other, self.context)?;
        }
        Ok((place, existing))
    }

    /// Streams the rows into a table, and makes sure that all of them arrived.
    async fn fill(&self, table: &str) -> Result<(), Failure> {
        if self.data.rows == 0 {
            return Ok(());
        }
        let rows = copy_text::send(&self.session, table, &self.data, &self.text, self.context).await?;
        if rows != self.data.rows {
            let message = format!("copying the rows in: {} rows were sent, the server took {rows}", self.data.rows);
            return Err(Failure::permanent(Code::CopyCount, Side::Target, message));
        }
        Ok(())
    }

    /// The columns of a new table: as declared, else as PostgreSQL calls what the data is.
    fn definition(&self) -> Result<String, Failure> {
        let declared = &self.target.into.columns;
        let column = |name: &str, sql_type: &str| format!("{} {sql_type}", Ident::new(name));
        let columns: Vec<String> = if self.data.columns.is_empty() {
            declared.iter().map(|declared| column(&declared.name, &declared.sql_type)).collect()
        } else {
            let type_of = |found: &Column| {
                let declared = declared.iter().find(|declared| declared.name == found.name);
                declared.map_or_else(|| postgres_types::sql_type(&found.sql_type), |declared| declared.sql_type.clone())
            };
            self.data.columns.iter().map(|found| column(&found.name, &type_of(found))).collect()
        };
        if columns.is_empty() { Err(fit::no_columns(&self.target.table)) } else { Ok(columns.join(", ")) }
    }

    async fn execute(&self, sql: &str, doing: &str) -> Result<(), Failure> {
        self.until_stopped(self.session.execute(sql, doing)).await.map(drop)
    }

    async fn until_stopped<T>(&self, work: impl Future<Output = Result<T, PgError>>) -> Result<T, Failure> {
        self.session.run_until(&self.context.stop, Side::Target, work).await
    }
}
