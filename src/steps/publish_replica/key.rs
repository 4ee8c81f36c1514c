//! Primary keys and unique constraints of PostgreSQL's tables, for a replica that should have them too.
//!
//! DuckDB keeps an index for each, built in memory once all rows are there; so they come along only where the job asks for
//! them.

use crate::domain::failure::{Failure, Side};
use crate::domain::progress::Progress;
use crate::duckdb::{DuckDbSession, quoted};
use crate::postgres::Session;
use crate::steps::StepContext;
use crate::steps::columnar::column::Column;
use crate::steps::reading::source::{Rows, Source};

use super::build::Build;
use super::table::Table;

/// Columns whose values together are there once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// Whether it is the primary key.
    primary: bool,
    columns: Vec<String>,
}

/// Valid keys of a table, the primary key first, each with its columns in order.
const KEYS: &str = "select c.contype = 'p', \
            array(select a.attname::text from unnest(c.conkey) with ordinality as k(number, place) \
                    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.number order by k.place) \
       from pg_constraint c \
      where c.conrelid = $1::text::regclass and c.contype in ('p', 'u') and c.convalidated \
      order by c.contype, c.conname";

/// The keys of a source whose columns are all read. A view or a query has none.
pub(super) async fn find(
    source: &Source,
    columns: &[Column],
    session: &Session,
    context: &StepContext,
) -> Result<Vec<Key>, Failure> {
    let Rows::Relation { table, .. } = &source.rows else { return Ok(Vec::new()) };
    let name = table.to_string();
    let doing = format!("looking for keys of {}", source.name);
    let rows = session.run_until(&context.stop, Side::Source, session.query(KEYS, &[&name], doing)).await?;
    let keys = rows.iter().map(|row| Key { primary: row.get(0), columns: row.get(1) });
    let is_read = |name: &String| columns.iter().any(|column| column.name() == name);
    Ok(keys.filter(|key| key.columns.iter().all(is_read)).collect())
}

/// Adds the keys to the tables, which are full.
pub(super) async fn add(tables: &[Table], target: &DuckDbSession, build: &Build<'_>) -> Result<(), Failure> {
    for table in tables {
        for (number, key) in table.keys.iter().enumerate() {
            let columns = key.columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
            let doing = format!("adding a key ({columns}) to `{}`", table.name);
            build.context.host.progress(Progress::phase(doing.as_str()));
            let statement = if key.primary {
                format!("alter table {} add primary key ({columns})", table.full)
            } else {
                // Constraints can't be added to a table that is there, but for the primary key; an index does the same.
                let index = quoted(&format!("{}_key_{number}", table.name.name));
                format!("create unique index {index} on {} ({columns})", table.full)
            };
            let work = move |connection: &::duckdb::Connection| connection.execute_batch(&statement);
            target.run(&build.context.stop, &doing, work).await.map_err(|error| error.on(Side::Target))?;
        }
    }
    Ok(())
}
