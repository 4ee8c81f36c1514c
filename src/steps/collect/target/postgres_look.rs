//! A look at a PostgreSQL table before anything is fetched.

use super::beside;
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
            let taken = if target.remembers { taken(target, &session, &place).await? } else { Vec::new() };
            Ok(Found { columns, loaded, taken: taken.into_iter().collect() })
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

/// The files that this step has taken: path and version.
pub(super) async fn taken(
    target: &Target<'_>,
    session: &Session,
    place: &Place,
) -> Result<Vec<(String, String)>, PgError> {
    let doing = "looking which files were taken";
    let files = place.beside(beside::FILES).to_string();
    let exists = session.query_one("select to_regclass($1) is not null", &[&files], doing).await?;
    if !exists.get::<_, bool>(0) {
        return Ok(Vec::new());
    }
    let rows = session.query(&target.owner.taken(&files), &[], doing).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
