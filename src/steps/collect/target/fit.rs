//! Which of the data's columns go into the table, and which the table gets for them.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::ids::TableName;
use crate::domain::step::{Into, NewColumns};
use crate::steps::StepContext;
use crate::steps::collect::data::Column;

/// How data and table are brought together.
#[derive(Debug, Default)]
pub(super) struct Fit {
    /// The data's columns that are loaded.
    pub(super) load: Vec<Column>,
    /// Those among them that the table must get first.
    pub(super) add: Vec<Column>,
}

impl Fit {
    /// The names of the columns that the table gets.
    pub(super) fn added(self) -> Vec<String> {
        self.add.into_iter().map(|column| column.name).collect()
    }
}

/// Brings data and table together as the job says. Tells which of the table's columns the data leaves out.
pub(super) fn fit(
    (table, into): (&TableName, &Into),
    data: &[Column],
    existing: &[Column],
    same: impl Fn(&str, &str) -> bool,
    context: &StepContext,
) -> Result<Fit, Failure> {
    let has = |columns: &[Column], name: &str| columns.iter().any(|column| same(&column.name, name));
    let asked = [&into.load_columns.load_id, &into.load_columns.loaded_at];
    let is_asked_for = |name: &str| asked.iter().any(|one| one.as_deref() == Some(name));
    let mut fit = Fit::default();
    let mut unknown = Vec::new();
    for column in data {
        if !has(existing, &column.name) {
            if into.new_columns != NewColumns::Add && !is_asked_for(&column.name) {
                unknown.push(column.clone());
                continue;
            }
            fit.add.push(column.clone());
        }
        fit.load.push(column.clone());
    }
    if !unknown.is_empty() && into.new_columns == NewColumns::Ignore {
        context.warn(format!("{table}: columns of the data that the table has not are left out: {}", words(&unknown)));
    } else if !unknown.is_empty() {
        let unknown = words(&unknown);
        let message = format!("loading into {table}: the data has columns that the table has not: {unknown}");
        return Err(Failure::permanent(Code::Expectation, Side::Target, message).with_hint(
            "`new_columns: add` adds them to the table and `new_columns: ignore` leaves them out; or let the source do so",
        ));
    }
    if fit.load.is_empty() && !data.is_empty() {
        let message = format!("loading into {table}: the data has none of the table's columns: {}", words(data));
        return Err(Failure::permanent(Code::Expectation, Side::Target, message));
    }
    let absent: Vec<Column> = existing.iter().filter(|column| !has(data, &column.name)).cloned().collect();
    if !absent.is_empty() && !data.is_empty() {
        context.info(format!("{table}: columns that the data has not get their defaults: {}", words(&absent)));
    }
    Ok(fit)
}

/// Columns and their types, for people.
pub(super) fn words(columns: &[Column]) -> String {
    columns.iter().map(|column| format!("`{}` ({})", column.name, column.sql_type)).collect::<Vec<_>>().join(", ")
}

/// The failure of a load into a table that isn't there, with data that doesn't say what it would look like.
pub(super) fn no_columns(table: &TableName) -> Failure {
    let message = format!("loading into {table}: there is no such table, and no record to make it from");
    Failure::permanent(Code::Expectation, Side::Target, message).with_hint("create the table, or declare `columns`")
}
