//! What a DuckDB file holds, seen as a reader sees it: opened read-only.

use std::fmt;
use std::path::Path;

use tokio_util::sync::CancellationToken;

use crate::domain::ids::TableName;
use crate::domain::replica::ManifestTable;
use crate::duckdb::{DuckDbError, DuckDbFile, DuckDbSession, OpenMode, literal, quoted};

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Its tables.
    pub tables: Vec<TableRows>,
    /// Its storage version, for example `v1.4.0`.
    pub storage_version: String,
    /// The version of DuckDB that read it.
    pub duckdb_version: String,
}

/// A table and its number of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRows {
    /// The schema.
    pub schema: String,
    /// The name.
    pub name: String,
    /// Its rows; in a replica that is being made, those of its source.
    pub rows: u64,
}

impl TableRows {
    /// A query for the number of rows in that database.
    pub fn count_in(&self, database: &str) -> String {
        format!("select count(*) from {}.{}.{}", quoted(database), quoted(&self.schema), quoted(&self.name))
    }
}

impl fmt::Display for TableRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = (self.schema != "main").then(|| self.schema.clone());
        TableName { schema, name: self.name.clone() }.fmt(f)
    }
}

impl From<&ManifestTable> for TableRows {
    fn from(table: &ManifestTable) -> Self {
        Self { schema: table.schema.clone(), name: table.name.clone(), rows: table.rows }
    }
}

impl From<&TableRows> for ManifestTable {
    fn from(table: &TableRows) -> Self {
        Self { schema: table.schema.clone(), name: table.name.clone(), rows: table.rows }
    }
}

/// Opens a file read-only, looks and closes it.
pub async fn contents(path: &Path, stop: &CancellationToken) -> Result<Contents, DuckDbError> {
    let session = Box::pin(DuckDbFile::new(path.to_path_buf()).open(OpenMode::ReadOnly)).await?;
    let found = look(&session, stop).await;
    // A session that only reads has nothing to write on closing.
    drop(session.close().await);
    found
}

/// What the session's file holds.
pub(crate) async fn look(session: &DuckDbSession, stop: &CancellationToken) -> Result<Contents, DuckDbError> {
    let database = session.database_name().to_owned();
    let versions = format!(
        "select tags['storage_version'], version() from duckdb_databases() where database_name = {}",
        literal(&database)
    );
    let work = move |connection: &::duckdb::Connection| {
        let tables = count_in(connection, &database)?;
        let (storage, duckdb_version): (String, String) =
            connection.query_row(&versions, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Contents { tables, storage_version: storage.trim_end_matches('+').to_owned(), duckdb_version })
    };
    session.run(stop, "counting rows", work).await
}

/// Has DuckDB read every column of every table, which checks each block that they are in. Indexes are not read.
pub(crate) async fn read_all(session: &DuckDbSession, stop: &CancellationToken) -> Result<(), DuckDbError> {
    let database = session.database_name().to_owned();
    let work = move |connection: &::duckdb::Connection| {
        for table in count_in(connection, &database)? {
            let name = format!("{}.{}.{}", quoted(&database), quoted(&table.schema), quoted(&table.name));
            let all = format!("select bit_xor(hash(whole_row)) is null from {name} as whole_row");
            connection.query_row(&all, [], |row| row.get::<_, bool>(0))?;
        }
        Ok(())
    };
    session.run(stop, "reading all of its tables", work).await
}

/// All tables of a database with the number of their rows, as the connection's transaction sees them.
pub(crate) fn count_in(connection: &::duckdb::Connection, database: &str) -> Result<Vec<TableRows>, ::duckdb::Error> {
    let list = format!(
        "select schema_name, table_name from duckdb_tables() where database_name = {} and not internal \
         and not temporary order by all",
        literal(database)
    );
    let mut statement = connection.prepare(&list)?;
    let names = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let mut tables = Vec::new();
    for names in names {
        let (schema, name) = names?;
        let mut table = TableRows { schema, name, rows: 0 };
        table.rows = connection.query_row(&table.count_in(database), [], |row| row.get(0))?;
        tables.push(table);
    }
    Ok(tables)
}
