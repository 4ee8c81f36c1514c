//! COPY's format, chosen for each table: binary where both sides mean the same by every column, else text.

use std::collections::BTreeMap;

use crate::postgres::{Column, PgError, Session};

use crate::steps::reading::source::Source;

/// How COPY writes values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// As the types' own binary form: quicker, where both sides mean the same by it.
    Binary,
    /// As text: always right.
    Text,
}

impl Format {
    /// The word for it, COPY's own.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Text => "text",
        }
    }
}

/// A type of the target that has the name of one of the source's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TargetType {
    oid: u32,
    is_enum: bool,
    /// Whether every value that any version has can be told in binary. An infinite interval, known from version 17 on,
    /// is some finite one to an older server; in text it is refused.
    complete: bool,
}

/// The source's types as the target has them, by the source's name for them.
pub(super) type TargetTypes = BTreeMap<String, TargetType>;

/// The first type whose object identifier the server gave, not its makers: below it they are the same on every server.
/// `FirstNormalObjectId` in PostgreSQL's `access/transam.h`.
const FIRST_OWN_OID: u32 = 16384;

/// Looks the types of all columns up on the target.
pub(super) async fn target_types(session: &Session, sources: &[Source]) -> Result<TargetTypes, PgError> {
    let columns = sources.iter().flat_map(|source| &source.columns);
    let mut names: Vec<&str> = columns.map(|column| column.sql_type.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let find = "select n, t.oid, t.typtype = 'e',
                       t.oid not in ('interval'::regtype, 'interval[]'::regtype)
                         or current_setting('server_version_num')::int >= 170000
                from unnest($1::text[]) as n join pg_type t on t.oid = to_regtype(n)";
    let rows = session.query(find, &[&names], "looking for the source's types").await?;
    Ok(rows
        .iter()
        .map(|row| (row.get(0), TargetType { oid: row.get(1), is_enum: row.get(2), complete: row.get(3) }))
        .collect())
}

/// The format for rows of these columns that go into columns of the types `into`, which default to the source's own.
pub(super) fn choose(source: &Source, into: &BTreeMap<String, String>, types: &TargetTypes) -> Format {
    let binary = |column: &Column| {
        into.get(&column.name).is_none_or(|sql_type| *sql_type == column.sql_type)
            && types.get(&column.sql_type).is_some_and(|on_target| same_in_binary(column, *on_target))
    };
    if source.columns.iter().all(binary) { Format::Binary } else { Format::Text }
}

/// An enum's binary form is its label, whatever the type's identifier.
const fn same_in_binary(column: &Column, on_target: TargetType) -> bool {
    column.portable_binary
        && on_target.complete
        && (column.type_oid == on_target.oid || (column.type_oid >= FIRST_OWN_OID && on_target.is_enum))
}
