//! A load into a PostgreSQL table.
//!
//! A table that is replaced is filled under a hidden name and swapped in. Rows that are added or replaced by key are in
//! `postgres_add`.

use std::path::PathBuf;

use super::beside::{self, REJECT_COLUMNS};
use super::fit::{self, Fit};
use super::postgres_look::existing;
use super::table::{Load, Target};
use super::{copy_text, postgres_types};
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::step::LoadMode;
use crate::postgres::replacement::{self, Coming, Replacement, Wanted};
use crate::postgres::{self, Ident, PgError, Place, Server, Session};
use crate::steps::collect::data::{Column, Data};
use crate::steps::collect::source::Taken;
use crate::steps::spool::Spool;
use crate::steps::{StepContext, marker, session, sweep};

/// Days are not guessed from their order, and no general limit ends a long load.
const SETTINGS: &str = "set datestyle = 'ISO, YMD'; set statement_timeout = 0; \
                        set idle_in_transaction_session_timeout = 0";

/// The temporary table of rows that were put aside.
const PUT_ASIDE: &str = "pg_temp.windlass_put_aside";

/// Loads the data and says which columns the table got.
pub(super) async fn load(
    target: &Target<'_>,
    server: &Server,
    load: Load,
    spool: &Spool,
    context: &StepContext,
) -> Result<Vec<String>, Failure> {
    let (text, aside) = (spool.path("rows.csv"), spool.path("aside.csv"));
    let Load { data, taken } = load;
    if data.rejected > 0 {
        let query = format!("select {REJECT_COLUMNS} from stage.main.rejects");
        copy_text::write_query(&data, &query, &aside, context).await?;
    }
    let session = session::open(server, "target", Side::Target, context).await?;
    let loading = Loading { target, session, data, taken, text, aside, context };
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
    result
}

/// A load under way.
pub(super) struct Loading<'a> {
    pub(super) target: &'a Target<'a>,
    pub(super) session: Session,
    pub(super) data: Data,
    pub(super) taken: Vec<Taken>,
    /// The rows as text.
    text: PathBuf,
    /// The rows that were put aside, as text.
    aside: PathBuf,
    pub(super) context: &'a StepContext,
}

impl Loading<'_> {
    /// Fills a new table and swaps it in.
    async fn replace(&self) -> Result<Vec<String>, Failure> {
        let (place, fit) = self.prepared().await?;
        let otherwise = if place.oid.is_some() { String::new() } else { self.definition()? };
        let replacement = self.plan(place.clone(), otherwise).await?;
        let new = replacement.hidden().to_string();
        self.execute(&replacement.create(), "making the new table").await?;
        self.add_columns(&new, &fit).await?;
        self.fill(&new, &fit.load).await?;
        let also = self.put_aside(&place).await?;
        let only = std::slice::from_ref(&replacement);
        let complete = async {
            replacement::complete(&self.session, only).await?;
            self.session.execute(&format!("analyze {new}"), "analyzing the new table").await
        };
        self.until_stopped(complete).await?;
        self.context.unless_stopped(self.context.host.gate()).await??;
        self.until_stopped(replacement::swap_and(&self.session, only, &also)).await?;
        Ok(fit.added())
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

    /// The table's place, and how the data fits it; all of the data fits a table that isn't there.
    pub(super) async fn prepared(&self) -> Result<(Place, Fit), Failure> {
        let look = async {
            self.session.execute(SETTINGS, "preparing the session").await?;
            let place = postgres::place(&self.session, &self.target.table).await?;
            // Asked again: others may have changed the table while the data was fetched.
            let columns = existing(&self.session, &place).await?;
            Ok((place, columns))
        };
        let (place, existing) = self.until_stopped(look).await?;
        let (columns, of) = (&self.data.columns, (&self.target.table, self.target.into));
        let fit = match &existing {
            Some(existing) => fit::fit(of, columns, existing, |one, other| one == other, self.context)?,
            None => Fit { load: columns.clone(), add: Vec::new() },
        };
        Ok((place, fit))
    }

    /// Gives a table the columns that it hasn't.
    pub(super) async fn add_columns(&self, table: &str, fit: &Fit) -> Result<(), Failure> {
        if fit.add.is_empty() {
            return Ok(());
        }
        let add = fit.add.iter().map(|column| format!("add column {}", self.column(column)));
        let add = add.collect::<Vec<_>>().join(", ");
        self.execute(&format!("alter table {table} {add}"), "adding columns to the table").await
    }

    /// Streams these columns' rows into a table, and makes sure that all of them arrived.
    pub(super) async fn fill(&self, table: &str, columns: &[Column]) -> Result<(), Failure> {
        if self.data.rows == 0 {
            return Ok(());
        }
        let list = columns.iter().map(|column| Ident::new(column.name.as_str()).to_string());
        let list = list.collect::<Vec<_>>().join(", ");
        let into = (&self.session, table, list.as_str());
        let rows = copy_text::copy(&self.data, columns, into, &self.text, self.context).await?;
        all_arrived(self.data.rows, rows)
    }

    /// Brings the rows that were put aside to the server. Gives the statements that add them to their table.
    pub(super) async fn put_aside(&self, place: &Place) -> Result<Vec<String>, Failure> {
        if self.data.rejected == 0 {
            return Ok(Vec::new());
        }
        let doing = "making the table of rows that are put aside";
        let rejects = place.beside(&self.target.rejects()).to_string();
        let make = beside::make_rejects(&rejects);
        self.until_stopped(marker::prepare_table(&self.session, &rejects, &make, doing)).await?;
        let temporary = "create temporary table windlass_put_aside \
                         (file text, line bigint, column_name text, text text, error text)";
        self.execute(temporary, doing).await?;
        let rows = copy_text::send(&self.session, PUT_ASIDE, REJECT_COLUMNS, &self.aside, self.context).await?;
        all_arrived(self.data.rejected, rows)?;
        Ok(self.target.owner.put_aside(&rejects, PUT_ASIDE))
    }

    /// The columns of a new table: as declared, else as PostgreSQL calls what the data is.
    pub(super) fn definition(&self) -> Result<String, Failure> {
        let declared = self.target.into.columns.iter();
        let columns: Vec<String> = if self.data.columns.is_empty() {
            declared.map(|declared| format!("{} {}", Ident::new(declared.name.as_str()), declared.sql_type)).collect()
        } else {
            self.data.columns.iter().map(|found| self.column(found)).collect()
        };
        if columns.is_empty() { Err(fit::no_columns(&self.target.table)) } else { Ok(columns.join(", ")) }
    }

    /// A column of the data in CREATE TABLE.
    fn column(&self, found: &Column) -> String {
        let declared = self.target.into.columns.iter().find(|declared| declared.name == found.name);
        let sql_type =
            declared.map_or_else(|| postgres_types::sql_type(&found.sql_type), |declared| declared.sql_type.clone());
        format!("{} {sql_type}", Ident::new(found.name.as_str()))
    }

    pub(super) async fn execute(&self, sql: &str, doing: &str) -> Result<(), Failure> {
        self.until_stopped(self.session.execute(sql, doing)).await.map(drop)
    }

    pub(super) async fn until_stopped<T>(&self, work: impl Future<Output = Result<T, PgError>>) -> Result<T, Failure> {
        self.session.run_until(&self.context.stop, Side::Target, work).await
    }
}

/// Fails unless the server took as many rows as were sent.
fn all_arrived(sent: u64, taken: u64) -> Result<(), Failure> {
    if sent == taken {
        return Ok(());
    }
    let message = format!("copying the rows in: {sent} rows were sent, the server took {taken}");
    Err(Failure::permanent(Code::CopyCount, Side::Target, message))
}
