//! Statements that PostgreSQL and DuckDB understand alike. Names come quoted.

use super::table::Mark;
use crate::duckdb::{literal, quoted};

/// The table of markers: one row for each step of each run whose rows can't be loaded twice without harm. It stands in
/// the schema of the table that was loaded, because it must be in the same transaction.
pub(super) const MARKER_TABLE: &str = "windlass_marker";

/// How long a marker is kept: far longer than any run is tried again.
const KEPT: &str = "interval '90 days'";

/// Makes the table of markers.
pub(super) fn make_markers(markers: &str) -> String {
    format!(
        "create table if not exists {markers} (run text not null, step text not null, rows bigint not null, \
         committed_at timestamp with time zone not null default now(), primary key (run, step))"
    )
}

/// Asks how many rows a run and step have loaded.
pub(super) fn find_marker(markers: &str, mark: &Mark) -> String {
    format!("select rows from {markers} where run = {} and step = {}", literal(&mark.run), literal(&mark.step))
}

/// Leaves a marker and forgets those of old.
pub(super) fn leave_marker(markers: &str, mark: &Mark, rows: u64) -> Vec<String> {
    let (run, step) = (literal(&mark.run), literal(&mark.step));
    vec![
        format!("delete from {markers} where committed_at < now() - {KEPT}"),
        format!("insert into {markers} (run, step, rows) values ({run}, {step}, {rows})"),
    ]
}

/// Adds rows.
pub(super) fn insert(table: &str, from: &str, columns: &[String]) -> String {
    let list = list(columns);
    format!("insert into {table} ({list}) select {list} from {from}")
}

/// Replaces rows of the same key and adds the others. Columns that aren't loaded keep their values.
pub(super) fn upsert(table: &str, from: &str, columns: &[String], key: &[String]) -> Vec<String> {
    let same: Vec<String> = key.iter().map(|name| format!("kept.{0} = fresh.{0}", quoted(name))).collect();
    let same = same.join(" and ");
    let changed: Vec<String> = columns
        .iter()
        .filter(|name| !key.contains(name))
        .map(|name| format!("{0} = fresh.{0}", quoted(name)))
        .collect();
    let list = list(columns);
    let mut statements = Vec::new();
    if !changed.is_empty() {
        statements.push(format!("update {table} as kept set {} from {from} as fresh where {same}", changed.join(", ")));
    }
    statements.push(format!(
        "insert into {table} ({list}) select {list} from {from} as fresh where not exists (select 1 from {table} as kept where {same})"
    ));
    statements
}

fn list(columns: &[String]) -> String {
    columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
}
