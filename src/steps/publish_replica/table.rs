//! One table of a replica made from PostgreSQL: looked at on the source, made in the new file.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::ids::TableName;
use crate::domain::step::PublishTable;
use crate::duckdb::{DuckDbSession, quoted};
use crate::postgres::Session;
use crate::steps::columnar;
use crate::steps::columnar::column::Column;
use crate::steps::reading::source::{self, Source};

use super::build::{Build, TableRows};
use super::key::{self, Key};

/// A table on its way.
pub(super) struct Table {
    /// Its name in the replica.
    pub(super) name: TableName,
    /// The same for SQL, with the new file's database.
    pub(super) full: String,
    /// What is read; its rows are asked for in the form in which they travel.
    pub(super) source: Source,
    /// Its columns.
    pub(super) columns: Vec<Column>,
    /// Keys that it should have once it is full.
    pub(super) keys: Vec<Key>,
}

impl Table {
    /// The table with so many rows.
    pub(super) fn with_rows(&self, rows: u64) -> TableRows {
        let schema = self.name.schema.clone().unwrap_or_else(|| "main".to_owned());
        TableRows { schema, name: self.name.name.clone(), rows }
    }
}

/// Looks at a table or query of the source, within its snapshot.
pub(super) async fn describe(
    table: &PublishTable,
    with_keys: bool,
    session: &Session,
    build: &Build<'_>,
) -> Result<Table, Failure> {
    let context = build.context;
    let name = TableName::parse(&table.name)
        .map_err(|error| Failure::permanent(Code::ReplicaTarget, Side::Internal, error.to_string()))?;
    let mut source = source::describe_one(&table.source, session, context).await?;
    let columns = columnar::describe(&source, session, context).await?;
    let keys = if with_keys { key::find(&source, &columns, session, context).await? } else { Vec::new() };
    columnar::ask(&mut source, &columns);
    let schema = name.schema.as_deref().unwrap_or("main");
    let full = format!("{}.{}.{}", quoted(&build.database()), quoted(schema), quoted(&name.name));
    Ok(Table { name, full, source, columns, keys })
}

/// Makes the tables, empty, in the new file.
pub(super) async fn make(tables: &[Table], target: &DuckDbSession, build: &Build<'_>) -> Result<(), Failure> {
    let database = quoted(&build.database());
    let mut statements = Vec::new();
    for table in tables {
        if let Some(schema) = &table.name.schema {
            statements.push(format!("create schema if not exists {database}.{}", quoted(schema)));
        }
        let definitions = table.columns.iter().map(Column::definition).collect::<Vec<_>>().join(", ");
        statements.push(format!("create table {} ({definitions})", table.full));
    }
    let statements = statements.join("; ");
    let work = move |connection: &::duckdb::Connection| connection.execute_batch(&statements);
    let made = target.run(&build.context.stop, "making the tables", work).await;
    made.map_err(|error| error.on(Side::Target))
}
