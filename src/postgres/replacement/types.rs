//! The types and collations of columns that come, looked up on the server that they come to.

use crate::postgres::columns::Column;
use crate::postgres::error::{PgError, PgErrorKind};
use crate::postgres::session::Session;

/// What a column's type is here.
#[derive(Clone, Copy, Debug)]
pub(super) struct TypeHere {
    /// The type's object identifier.
    pub(super) oid: Option<u32>,
    /// Whether the column's collation exists here, or it has none.
    pub(super) collation_known: bool,
}

/// Looks up the types of columns, each told with the words for its table; fails if one does not exist. Types without a
/// schema are found along the session's search path.
pub(super) async fn resolve(session: &Session, columns: &[(String, &Column)]) -> Result<Vec<TypeHere>, PgError> {
    let doing = "looking for the source's types";
    let names: Vec<&str> = columns.iter().map(|(_, column)| column.sql_type.as_str()).collect();
    let collation = |part: fn(&(String, String)) -> &String| -> Vec<Option<&str>> {
        columns.iter().map(|(_, column)| column.collation.as_ref().map(|both| part(both).as_str())).collect()
    };
    let (schemas, collations) = (collation(|both| &both.0), collation(|both| &both.1));
    let rows = session.query(FIND, &[&names, &schemas, &collations], doing).await?;
    let types: Vec<TypeHere> =
        rows.iter().map(|row| TypeHere { oid: row.get(0), collation_known: row.get(1) }).collect();
    let missing: Vec<String> = columns
        .iter()
        .zip(&types)
        .filter(|(_, here)| here.oid.is_none())
        .map(|((table, column), _)| format!("`{}` of column `{}`{table}", column.sql_type, column.name))
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

/// What tells a type from others of the same name: the `12,2` of `numeric(12,2)[]`. All of an interval, whose fields
/// tell it too.
pub(super) fn modifiers(sql_type: &str) -> &str {
    if sql_type.starts_with("interval") {
        return sql_type;
    }
    let scalar = sql_type.trim_end_matches("[]");
    let scalar =
        scalar.strip_suffix(" with time zone").or_else(|| scalar.strip_suffix(" without time zone")).unwrap_or(scalar);
    let within = scalar.strip_suffix(')').and_then(|text| text.rsplit_once('('));
    within.map_or("", |(_, modifiers)| modifiers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modifiers_are_found_whatever_the_type_is_called() {
        let cases = [
            ("integer", ""),
            ("numeric(12,2)", "12,2"),
            ("numeric(12,2)[]", "12,2"),
            ("timestamp(3) with time zone", "3"),
            ("timestamp without time zone", ""),
            ("interval day to second(3)", "interval day to second(3)"),
            ("public.geometry(Point,4326)", "Point,4326"),
            ("\"나의(형)\"", ""),
            ("\"char\"", ""),
        ];
        for (sql_type, expected) in cases {
            assert_eq!(modifiers(sql_type), expected, "{sql_type}");
        }
    }
}
