//! A checksum over the content of a table, computed by each server over its own rows, whatever their order.
//!
//! Each row's text is hashed to 64 bits, and the hashes are added up: equal sets of rows have equal sums. Both sessions
//! have the same settings, and PostgreSQL writes a value the same way from version 12 on. The hash is MD5, because
//! PostgreSQL's quicker ones are free to differ between machines.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::postgres::{PgError, Session};

/// Number of rows and sum of their hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checksum {
    rows: i64,
    sum: String,
}

/// Computes the checksum of a query's rows.
pub(super) async fn of(session: &Session, query: &str, doing: &str) -> Result<Checksum, PgError> {
    let sql = format!(
        "select count(*), \
           coalesce(sum(('x' || left(md5(windlass_rows::text), 16))::bit(64)::bigint::numeric), 0)::text \
         from (\n{query}\n) as windlass_rows"
    );
    let row = session.query_one(&sql, &[], doing).await?;
    Ok(Checksum { rows: row.get(0), sum: row.get(1) })
}

/// An error unless both are the same.
pub(super) fn compare(table: &str, source: &Checksum, target: &Checksum) -> Result<(), Failure> {
    if source == target {
        return Ok(());
    }
    let message = format!(
        "comparing {table}: the source has {} rows with checksum {}, the target {} rows with checksum {}",
        source.rows, source.sum, target.rows, target.sum
    );
    Err(Failure::permanent(Code::CopyChecksum, Side::Target, message))
}
