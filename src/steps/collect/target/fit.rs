//! Whether the data's columns are the table's.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::ids::TableName;
use crate::steps::StepContext;
use crate::steps::collect::data::Column;

/// Fails if the data has columns that the table hasn't; tells which of the table's columns the data leaves out.
pub(super) fn check(
    table: &TableName,
    data: &[Column],
    existing: &[Column],
    same: impl Fn(&str, &str) -> bool,
    context: &StepContext,
) -> Result<(), Failure> {
    let without = |these: &[Column], those: &[Column]| {
        let missing = these.iter().filter(|this| !those.iter().any(|that| same(&this.name, &that.name)));
        missing.map(|column| format!("`{}` ({})", column.name, column.sql_type)).collect::<Vec<_>>().join(", ")
    };
    let unknown = without(data, existing);
    if !unknown.is_empty() {
        let message = format!("loading into {table}: the data has columns that the table has not: {unknown}");
        return Err(Failure::permanent(Code::Expectation, Side::Target, message)
            .with_hint("add them to the table (alter table … add column …), or let the source leave them out"));
    }
    let absent = without(existing, data);
    if !absent.is_empty() && !data.is_empty() {
        context.info(format!("{table}: columns that the data has not get their defaults: {absent}"));
    }
    Ok(())
}

/// The failure of a load into a table that isn't there, with data that doesn't say what it would look like.
pub(super) fn no_columns(table: &TableName) -> Failure {
    let message = format!("loading into {table}: there is no such table, and no record to make it from");
    Failure::permanent(Code::Expectation, Side::Target, message).with_hint("create the table, or declare `columns`")
}
