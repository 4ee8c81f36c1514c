//! Statements that add rows of one table to another, in words that PostgreSQL and DuckDB share.
//!
//! Tables come as SQL names them, columns as plain names.

use crate::domain::ids::quoted;
use crate::postgres::literal;

/// Whose words they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// PostgreSQL's.
    Postgres,
    /// DuckDB's.
    DuckDb,
}

impl Dialect {
    /// Before the rows: they have their own values for columns that otherwise count by themselves.
    const fn overriding(self) -> &'static str {
        match self {
            Self::Postgres => " overriding system value",
            Self::DuckDb => "",
        }
    }
}

/// PostgreSQL's statement that waits, within a transaction, for another run that makes the same table.
pub(super) fn wait_for_maker(table: &str) -> String {
    // The number tells these locks from those of the state database, which may be the same one.
    format!("select pg_advisory_xact_lock(hashtextextended({}, 3))", literal(table))
}

/// Adds rows.
pub(super) fn insert(dialect: Dialect, table: &str, from: &str, columns: &[String]) -> String {
    let (list, overriding) = (list(columns), dialect.overriding());
    format!("insert into {table} ({list}){overriding} select {list} from {from}")
}

/// Replaces rows of the same key and adds the others. Columns that aren't loaded keep their values.
pub(super) fn upsert(dialect: Dialect, table: &str, from: &str, columns: &[String], key: &[String]) -> Vec<String> {
    let same = same(key);
    let changed: Vec<String> = columns
        .iter()
        .filter(|name| !key.contains(name))
        .map(|name| format!("{0} = fresh.{0}", quoted(name)))
        .collect();
    let (list, overriding) = (list(columns), dialect.overriding());
    let mut statements = Vec::new();
    if !changed.is_empty() {
        statements.push(format!("update {table} as kept set {} from {from} as fresh where {same}", changed.join(", ")));
    }
    statements.push(format!(
        "insert into {table} ({list}){overriding} select {list} from {from} as fresh where not exists (select 1 from {table} as kept where {same})"
    ));
    statements
}

/// Takes away the rows whose key no new row has.
pub(super) fn delete_gone(table: &str, from: &str, key: &[String]) -> String {
    format!("delete from {table} as kept where not exists (select 1 from {from} as fresh where {})", same(key))
}

fn same(key: &[String]) -> String {
    key.iter().map(|name| format!("kept.{0} = fresh.{0}", quoted(name))).collect::<Vec<_>>().join(" and ")
}

/// Columns, quoted and with commas between.
pub(super) fn list(columns: &[String]) -> String {
    columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
}
