//! The target table, whichever database it is in.

use std::collections::BTreeMap;

use super::beside::Owner;
use super::{duckdb, postgres_load, postgres_look, postgres_types, types};
use crate::domain::failure::Failure;
use crate::domain::ids::TableName;
use crate::domain::step::{BadRows, BodyFormat, CollectSource, CollectStep, Into, LoadMode};
use crate::duckdb::DuckDbFile;
use crate::postgres::Server;
use crate::steps::collect::data::{Column, Data, WantedTypes};
use crate::steps::collect::source::{Exact, KeptDigits, Taken};
use crate::steps::marker::Mark;
use crate::steps::spool::Spool;
use crate::steps::{Connection, StepContext};

/// The target of a step.
pub(in crate::steps::collect) struct Target<'a> {
    pub(super) into: &'a Into,
    pub(super) table: TableName,
    /// This run and step, as the marker of a load names them.
    pub(super) mark: Mark,
    /// The same, as tables beside the target name them.
    pub(super) owner: Owner,
    /// Whether files that were taken are remembered.
    pub(super) remembers: bool,
    bad_rows: Option<&'a BadRows>,
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
    /// Files that this step has taken: path and version.
    pub(in crate::steps::collect) taken: BTreeMap<String, String>,
}

/// What is loaded.
pub(in crate::steps::collect) struct Load {
    /// The rows, and those that were put aside.
    pub(in crate::steps::collect) data: Data,
    /// The files that they are from, if those are remembered.
    pub(in crate::steps::collect) taken: Vec<Taken>,
}

impl<'a> Target<'a> {
    /// The target of a step.
    pub(in crate::steps::collect) fn new(step: &'a CollectStep, context: &'a StepContext) -> Result<Self, Failure> {
        let into = &step.into;
        let database = match context.environment.connection(&into.connection)? {
            Connection::DuckDb(file) => Database::DuckDb(file),
            Connection::Postgres(server) => Database::Postgres(server),
        };
        let (remembers, bad_rows) = match &step.source {
            CollectSource::File(source) => (source.only_new, source.bad_rows.as_ref()),
            _ => (false, None),
        };
        let (mark, owner) = (Mark::of(context), Owner::of(context));
        Ok(Self { into, table: context.table(&into.table)?, mark, owner, remembers, bad_rows, database })
    }

    /// The name of the table of rows that were put aside, which stands in the same schema.
    pub(super) fn rejects(&self) -> String {
        let named = self.bad_rows.and_then(|bad_rows| bad_rows.table.clone());
        named.unwrap_or_else(|| format!("{}_rejects", self.table.name))
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

    /// What becomes of the numbers of columns that are known beforehand.
    pub(in crate::steps::collect) fn exact(&self, found: &Found) -> Exact {
        let wanted = self.wanted_types(found);
        let known = self.into.columns.iter().map(|column| column.name.as_str());
        let known = known.chain(found.columns.iter().flatten().map(|column| column.name.as_str()));
        let kept = known.filter_map(|name| Some((name, digits_of(&wanted.wanted(name, BodyFormat::Ndjson)?))));
        kept.collect()
    }

    /// Tells the types of the data, and where the table has others.
    pub(in crate::steps::collect) fn tell_types(&self, data: &Data, found: &Found, context: &StepContext) {
        types::tell(data, found.columns.as_deref(), matches!(self.database, Database::Postgres(_)), context);
    }

    /// Loads the data in one transaction and says which columns the table got.
    pub(in crate::steps::collect) async fn load(
        &self,
        load: Load,
        spool: &Spool,
        context: &StepContext,
    ) -> Result<Vec<String>, Failure> {
        match self.database {
            Database::DuckDb(file) => duckdb::load(self, file, load, context).await,
            Database::Postgres(server) => postgres_load::load(self, server, load, spool, context).await,
        }
    }
}

/// What becomes of the numbers of a column of a type of DuckDB.
fn digits_of(sql_type: &str) -> KeptDigits {
    let sql_type = sql_type.to_ascii_uppercase();
    let is = |names: &[&str]| names.iter().any(|name| sql_type.starts_with(name));
    match sql_type.as_str() {
        "JSON" => KeptDigits::Json,
        nested if nested.ends_with(']') => KeptDigits::Other,
        _ if is(&["VARCHAR", "TEXT", "STRING", "CHAR"]) => KeptDigits::Text,
        _ if is(&["DEC", "NUMERIC"]) => KeptDigits::Decimal,
        _ => KeptDigits::Other,
    }
}

struct Wanted<'t> {
    target: &'t Target<'t>,
    found: &'t Found,
}

impl Wanted<'_> {
    /// The type of a column in the target's words, as declared or as the table has it.
    fn known(&self, name: &str) -> Option<&str> {
        let declared = self.target.into.columns.iter().map(|column| (column.name.as_str(), column.sql_type.as_str()));
        let existing = self.found.columns.iter().flatten();
        let existing = existing.map(|column| (column.name.as_str(), column.sql_type.as_str()));
        let mut known = declared.chain(existing);
        match self.target.database {
            // DuckDB's names are the same in capitals.
            Database::DuckDb(_) => known.find(|(known, _)| known.eq_ignore_ascii_case(name)),
            Database::Postgres(_) => known.find(|(known, _)| *known == name),
        }
        .map(|(_, sql_type)| sql_type)
    }
}

impl WantedTypes for Wanted<'_> {
    fn wanted(&self, name: &str, format: BodyFormat) -> Option<String> {
        let known = self.known(name)?;
        match self.target.database {
            Database::DuckDb(_) => Some(known.to_owned()),
            // PostgreSQL reads the text itself, so no digit and no zero gets lost on the way; JSON keeps its quotes.
            // Parquet has types of its own.
            Database::Postgres(_) if format == BodyFormat::Parquet => None,
            Database::Postgres(_) => {
                let json = matches!(known.to_ascii_lowercase().as_str(), "json" | "jsonb");
                Some(if json { "JSON" } else { "VARCHAR" }.to_owned())
            }
        }
    }

    fn checked(&self, name: &str) -> Option<String> {
        let known = self.known(name)?;
        match self.target.database {
            Database::DuckDb(_) => Some(known.to_owned()),
            Database::Postgres(_) => postgres_types::checked(known),
        }
    }
}
