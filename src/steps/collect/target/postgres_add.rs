//! Rows that are added to a PostgreSQL table, or replaced by key: into a temporary table first, which is gone with its
//! session, and from there into the table, in one transaction with their marker.

use super::beside;
use super::fit::Fit;
use super::postgres_load::Loading;
use super::postgres_look::taken;
use crate::domain::failure::Failure;
use crate::domain::step::LoadMode;
use crate::postgres::{Ident, Place};
use crate::steps::{marker, rows};

/// The temporary table of rows that are to be added.
const NEW_ROWS: &str = "pg_temp.windlass_new_rows";

impl Loading<'_> {
    /// Adds rows, or replaces those of the same key, and leaves the marker.
    pub(super) async fn add(&self) -> Result<Vec<String>, Failure> {
        let (place, mut fit) = self.prepared().await?;
        let table = place.full().to_string();
        let markers = self.until_stopped(marker::prepare(&self.session, &place)).await?;
        let also = self.put_aside(&place).await?;
        let files = self.prepare_files(&place).await?;
        self.execute("begin", "beginning the transaction").await?;
        self.take_files(&files, &place).await?;
        if place.oid.is_none() {
            fit = self.make(&table).await?;
        }
        self.add_columns(&table, &fit).await?;
        if self.data.rows > 0 {
            self.add_rows(&table, &fit).await?;
        }
        for statement in also {
            self.execute(&statement, "putting bad rows aside").await?;
        }
        for statement in self.target.mark.leave(&markers, self.data.rows) {
            self.execute(&statement, "leaving the marker").await?;
        }
        self.context.unless_stopped(self.context.host.gate()).await??;
        self.execute("commit", "committing").await?;
        Ok(fit.added())
    }

    /// Makes the table within the transaction, unless another run that found none either has made it meanwhile: the
    /// second waits for the first, whose rows and table become visible together.
    async fn make(&self, table: &str) -> Result<Fit, Failure> {
        self.execute(&rows::wait_for_maker(table), "waiting for another run that makes the same table").await?;
        let (place, fit) = self.prepared().await?;
        if place.oid.is_none() {
            self.execute(&format!("create table {table} ({})", self.definition()?), "making the table").await?;
        }
        Ok(fit)
    }

    async fn add_rows(&self, table: &str, fit: &Fit) -> Result<(), Failure> {
        let names: Vec<String> = fit.load.iter().map(|column| column.name.clone()).collect();
        let list = names.iter().map(|name| Ident::new(name.as_str()).to_string()).collect::<Vec<_>>().join(", ");
        // Of the table's own types, so that what doesn't fit is told with its line.
        let make =
            format!("create temporary table windlass_new_rows on commit drop as select {list} from {table} limit 0");
        self.execute(&make, "making a temporary table").await?;
        self.fill(NEW_ROWS, &fit.load).await?;
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

    /// Makes the table of files where files are remembered and there is none. Gives its name.
    async fn prepare_files(&self, place: &Place) -> Result<String, Failure> {
        let files = place.beside(beside::FILES).to_string();
        if !self.taken.is_empty() {
            let make = beside::make_files(&files);
            let prepared = marker::prepare_table(&self.session, &files, &make, "making the table of files");
            self.until_stopped(prepared).await?;
        }
        Ok(files)
    }

    /// Remembers the files, unless another run has taken one of them since they were looked for: who comes second waits
    /// here for the first.
    async fn take_files(&self, files: &str, place: &Place) -> Result<(), Failure> {
        if self.taken.is_empty() {
            return Ok(());
        }
        let turn = rows::wait_for_maker(&self.target.owner.turn(files));
        self.execute(&turn, "waiting for another run that takes files").await?;
        let by_now = self.until_stopped(taken(self.target, &self.session, place)).await?;
        beside::still_new(&self.taken, &by_now)?;
        for statement in self.target.owner.remember(files, &self.taken) {
            self.execute(&statement, "remembering the files").await?;
        }
        Ok(())
    }
}
