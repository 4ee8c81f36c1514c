//! The target table, whichever database it is in.

use super::{duckdb, postgres_load, postgres_look};
use crate::domain::failure::Failure;
use crate::domain::ids::TableName;
use crate::domain::step::{BodyFormat, CollectStep, Into, LoadMode};
use crate::duckdb::DuckDbFile;
use crate::postgres::Server;
use crate::steps::collect::data::{Column, Data, WantedTypes};
use crate::steps::marker::Mark;
use crate::steps::spool::Spool;
use crate::steps::{Connection, StepContext};

/// The target of a step.
pub(in crate::steps::collect) struct Target<'a> {
    pub(super) into: &'a Into,
    pub(super) table: TableName,
    /// This run and step, as the marker of a load names them.
    pub(super) mark: Mark,
    database: Database<'a>,
}

enum Database<'a> {
    DuckDb(&'a DuckDbFile),
    Postgres(&'a Server),
}

/// What is known of a table before anything is fetched.
#[derive(Default)]
pub(in crate::steps::collect) struct Found {
    /// Its columns, types in the target's words; `None` if there is no such table.
    pub(in crate::steps::collect) columns: Option<Vec<Column>>,
    /// How many rows this run and step have loaded into it already.
    pub(in crate::steps::collect) loaded: Option<u64>,
}

impl<'a> Target<'a> {
    /// The target of a step.
    pub(in crate::steps::collect) fn new(step: &'a CollectStep, context: &'a StepContext) -> Result<Self, Failure> {
        let into = &step.into;
        let database = match context.environment.connection(&into.connection)? {
            Connection::DuckDb(file) => Database::DuckDb(file),
            Connection::Postgres(server) => Database::Postgres(server),
        };
        let mark = Mark::of(context);
        Ok(Self { into, table: context.table(&into.table)?, mark, database })
    }

    /// The table's name.
    pub(in crate::steps::collect) const fn table(&self) -> &TableName {
        &self.table
    }

    /// Whether a load can't be repeated without harm, so that it leaves a marker and looks for it first. A table that
    /// is replaced is the same however often it is.
    pub(super) const fn leaves_marker(&self) -> bool {
        !matches!(self.into.mode, LoadMode::Replace)
    }

    /// Looks at the target before anything is fetched.
    pub(in crate::steps::collect) async fn look(&self, context: &StepContext) -> Result<Found, Failure> {
        match self.database {
            Database::DuckDb(file) => duckdb::look(self, file, context).await,
            Database::Postgres(server) => postgres_look::look(self, server, context).await,
        }
    }

    /// What columns are to be read as: as declared, else as the table has them, else as inferred.
    pub(in crate::steps::collect) const fn wanted_types<'t>(&'t self, found: &'t Found) -> impl WantedTypes + 't {
        Wanted { target: self, found }
    }

    /// Loads the data in one transaction and returns the number of rows.
    pub(in crate::steps::collect) async fn load(
        &self,
        data: Data,
        spool: &Spool,
        context: &StepContext,
    ) -> Result<u64, Failure> {
        match self.database {
            Database::DuckDb(file) => duckdb::load(self, file, data, context).await,
            Database::Postgres(server) => postgres_load::load(self, server, data, spool, context).await,
        }
    }
}

struct Wanted<'t> {
    target: &'t Target<'t>,
    found: &'t Found,
}

impl WantedTypes for Wanted<'_> {
    fn wanted(&self, name: &str, format: BodyFormat) -> Option<String> {
        let declared = self.target.into.columns.iter().map(|column| (column.name.as_str(), column.sql_type.as_str()));
        let existing = self.found.columns.iter().flatten();
        let existing = existing.map(|column| (column.name.as_str(), column.sql_type.as_str()));
        let mut known = declared.chain(existing);
        match self.target.database {
            // DuckDB's names are the same in capitals.
            Database::DuckDb(_) => {
                known.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, sql_type)| sql_type.to_owned())
            }
            // PostgreSQL reads the text itself, so no digit and no zero gets lost on the way; JSON keeps its quotes.
            // Parquet has types of its own.
            Database::Postgres(_) if format == BodyFormat::Parquet => None,
            Database::Postgres(_) => known.find(|(known, _)| *known == name).map(|(_, sql_type)| {
                let json = matches!(sql_type.to_ascii_lowercase().as_str(), "json" | "jsonb");
                if json { "JSON" } else { "VARCHAR" }.to_owned()
            }),
        }
    }
}
