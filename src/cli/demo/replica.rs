//! What a replica holds, seen as a reader sees it: opened read-only.

use std::path::Path;

use comfy_table::Cell;
use tokio_util::sync::CancellationToken;

use crate::cli::error::CliError;
use crate::cli::{format, output, table};
use crate::domain::failure::Side;
use crate::duckdb::{DuckDbError, DuckDbFile, OpenMode, quoted};

/// Prints where a replica is and how many rows its tables have.
pub(super) async fn print(path: &Path) -> Result<(), CliError> {
    let failed = |error: DuckDbError| CliError::new(error.on(Side::Source));
    let session = DuckDbFile::new(path.to_owned()).open(OpenMode::ReadOnly).await.map_err(failed)?;
    let looked = session.run(&CancellationToken::new(), "counting a replica's rows", tables).await;
    let closed = session.close().await;
    let tables = looked.map_err(failed)?;
    closed.map_err(failed)?;
    let size = std::fs::metadata(path).map_or(0, |file| file.len());
    output::line(format!("{} ({}), opened read-only:", path.display(), format::bytes(size)))?;
    let mut shown = table::new(&["  TABLE", ">ROWS"]);
    for (name, rows) in tables {
        shown.add_row([Cell::new(format!("  {name}")), Cell::new(format::count(rows))]);
    }
    output::table(&shown)
}

fn tables(connection: &duckdb::Connection) -> Result<Vec<(String, u64)>, duckdb::Error> {
    let mut names = connection.prepare(
        "select schema_name, table_name from duckdb_tables() where not internal and database_name = current_database() \
         order by all",
    )?;
    let names: Vec<(String, String)> =
        names.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    names
        .into_iter()
        .map(|(schema, name)| {
            let count = format!("select count(*) from {}.{}", quoted(&schema), quoted(&name));
            let rows: u64 = connection.query_row(&count, [], |row| row.get(0))?;
            Ok((if schema == "main" { name } else { format!("{schema}.{name}") }, rows))
        })
        .collect()
}
