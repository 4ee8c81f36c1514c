//! A look at a PostgreSQL table before anything is fetched.

use super::table::{Found, Target};
use crate::domain::failure::{Failure, Side};
use crate::domain::step::LoadMode;
use crate::postgres::replacement;
use crate::postgres::{self, PgError, Place, Server, Session};
use crate::steps::collect::data::Column;
use crate::steps::{StepContext, session, sweep};

/// Looks at the table, and for the marker.
pub(super) async fn look(target: &Target<'_>, server: &Server, context: &StepContext) -> Result<Found, Failure> {
    let session = session::open(server, "target", Side::Target, context).await?;
    let look = async {
        sweep::sweep(&session, Side::Target, context).await?;
        let found = async {
            let place = postgres::place(&session, &target.table).await?;
            if target.into.mode == LoadMode::Replace {
                // Asked before an hour's download, not after it.
                replacement::check(&session, std::slice::from_ref(&place)).await?;
            }
            let columns = existing(&session, &place).await?;
            let loaded = if target.leaves_marker() { target.mark.found(&session, &place).await? } else { None };
            Ok(Found { columns, loaded })
        };
        session.run_until(&context.stop, Side::Target, found).await
    };
    let result = Box::pin(look).await;
    session::end(session, &result, context).await;
    result
}

/// The columns of the table at a place; `None` if there is none.
pub(super) async fn existing(session: &Session, place: &Place) -> Result<Option<Vec<Column>>, PgError> {
    let Some(oid) = place.oid else { return Ok(None) };
    let sql = "select attname, format_type(atttypid, atttypmod) from pg_attribute \
               where attrelid = $1 and attnum > 0 and not attisdropped order by attnum";
    let rows = session.query(sql, &[&oid], "looking at the table's columns").await?;
    Ok(Some(rows.iter().map(|row| Column { name: row.get(0), sql_type: row.get(1) }).collect()))
}
