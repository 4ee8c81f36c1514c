//! The columns that say which load a row came with.

use super::read::{Column, Data};
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::step::LoadColumns;
use crate::duckdb::{literal, quoted};
use crate::steps::StepContext;

/// Adds the columns that are asked for to the data. Where the data shows no columns there are no rows to mark.
pub(in crate::steps::collect) async fn add_load_columns(
    data: &mut Data,
    wanted: &LoadColumns,
    context: &StepContext,
) -> Result<(), Failure> {
    if data.columns.is_empty() {
        return Ok(());
    }
    let run = literal(&context.run.to_string());
    let load_id = wanted.load_id.as_ref().map(|name| (name, "UUID", run));
    // Asked once, so the same for all rows, whenever they are looked at.
    let now = "select now()::varchar";
    let now = data.session.run(&context.stop, "looking at the clock", |connection| {
        connection.query_row(now, [], |row| row.get::<_, String>(0))
    });
    let now = literal(&now.await.map_err(|error| error.on(Side::Internal))?);
    let loaded_at = wanted.loaded_at.as_ref().map(|name| (name, "TIMESTAMP WITH TIME ZONE", now));
    for (name, sql_type, value) in load_id.into_iter().chain(loaded_at) {
        if data.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name)) {
            let message = format!("adding the column `{name}`: the data has a column of that name");
            return Err(Failure::permanent(Code::Expectation, Side::Source, message)
                .with_hint("choose another name in `load_columns`"));
        }
        let table = "stage.main.data";
        let name_in_sql = quoted(name);
        let add = format!("alter table {table} add column {name_in_sql} {sql_type} default {value}");
        let added =
            data.session.run(&context.stop, "adding a column", move |connection| connection.execute_batch(&add));
        added.await.map_err(|error| error.on(Side::Internal))?;
        data.columns.push(Column { name: name.clone(), sql_type: sql_type.to_owned() });
    }
    Ok(())
}
