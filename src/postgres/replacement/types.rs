//! The types and collations of columns that come, looked up on the server that they come to.

use crate::postgres::columns::Column;
use crate::postgres::error::{PgError, PgErrorKind};
use crate::postgres::session::Session;

/// What a column's type is here.
#[derive(Clone, Debug)]
pub(super) struct TargetType {
    /// The type's object identifier.
    pub(super) oid: Option<u32>,
    /// Whether the column's collation exists here, or it has none.
    pub(super) collation_known: bool,
}

/// Looks the types up; fails if one does not exist.
pub(super) async fn resolve(session: &Session, columns: &[Column]) -> Result<Vec<TargetType>, PgError> {
    let doing = "looking for the source's types";
    let names: Vec<&str> = columns.iter().map(|column| column.sql_type.as_str()).collect();
    let schemas: Vec<Option<&str>> =
        columns.iter().map(|one| one.collation.as_ref().map(|(schema, _)| schema.as_str())).collect();
    let collations: Vec<Option<&str>> =
        columns.iter().map(|one| one.collation.as_ref().map(|(_, name)| name.as_str())).collect();
    let rows = session.query(FIND, &[&names, &schemas, &collations], doing).await?;
    let types: Vec<TargetType> =
        rows.iter().map(|row| TargetType { oid: row.get(0), collation_known: row.get(1) }).collect();
    let missing: Vec<String> = columns
        .iter()
        .zip(&types)
        .filter(|(_, here)| here.oid.is_none())
        .map(|(column, _)| format!("`{}` of column `{}`", column.sql_type, column.name))
        .collect();
    if missing.is_empty() {
        return Ok(types);
    }
    let message = format!("types that the target does not have: {}", missing.join(", "));
    let mut error = PgError::without_server(doing, message, PgErrorKind::Shape);
    error.hint = Some("create the type (or its extension) on the target, or cast the column in a `query`".to_owned());
    Err(error)
}

const FIND: &str = "
    select to_regtype(d.type)::oid,
           d.schema is null or exists (
             select from pg_collation c join pg_namespace n on n.oid = c.collnamespace
             where n.nspname = d.schema and c.collname = d.collation_name
               and c.collencoding in (-1, (select encoding from pg_database where datname = current_database())))
    from unnest($1::text[], $2::text[], $3::text[]) with ordinality as d(type, schema, collation_name, place)
    order by d.place";
