//! How much memory a load into a DuckDB file takes.
//!
//! It reads rows once and writes them once, so a cache that grows with the data is of no use. But DuckDB can't spill the
//! index of a key, all of whose new part is in memory at the commit.

use super::table::Target;
use crate::domain::failure::{Failure, Side};
use crate::duckdb::{DuckDbError, DuckDbErrorKind, DuckDbSession, literal};
use crate::steps::StepContext;
use crate::steps::collect::data::memory_of;

/// What is enough to load so many columns; `None` if that depends on the table's rows.
pub(super) async fn enough(
    target: &Target<'_>,
    session: &DuckDbSession,
    columns: usize,
    context: &StepContext,
) -> Result<Option<u64>, Failure> {
    // A schema is looked for as a table is, whatever its capitals.
    let place = format!(
        "database_name = {} and lower(schema_name) = lower({}) and lower(table_name) = lower({})",
        literal(session.database_name()),
        literal(target.table.schema.as_deref().unwrap_or("main")),
        literal(&target.table.name)
    );
    let query = format!(
        "select current_setting('threads')::ubigint, (select count(*) from duckdb_indexes() where {place}) + \
         (select count(*) from duckdb_constraints() where {place} and constraint_type not in ('NOT NULL', 'CHECK'))"
    );
    let ask = move |connection: &duckdb::Connection| {
        connection.query_row(&query, [], |row| Ok((row.get::<_, u64>(0)?, row.get::<_, u64>(1)?)))
    };
    let asked = session.run(&context.stop, "looking at the table's indexes", ask).await;
    let (threads, indexes) = asked.map_err(|error| error.on(Side::Target))?;
    Ok((indexes == 0).then(|| memory_of(threads, columns)))
}

/// Why nothing was loaded.
pub(super) enum NotLoaded {
    /// There was not enough memory for it.
    Memory(Failure),
    /// Anything else.
    Otherwise(Failure),
}

impl NotLoaded {
    /// From what DuckDB says of the target.
    pub(super) fn because(error: DuckDbError) -> Self {
        let is_memory = error.kind == DuckDbErrorKind::Memory;
        let failure = error.on(Side::Target);
        if is_memory { Self::Memory(failure) } else { Self::Otherwise(failure) }
    }
}

impl From<Failure> for NotLoaded {
    fn from(failure: Failure) -> Self {
        Self::Otherwise(failure)
    }
}

impl From<NotLoaded> for Failure {
    fn from(reason: NotLoaded) -> Self {
        let (NotLoaded::Memory(failure) | NotLoaded::Otherwise(failure)) = reason;
        failure
    }
}
