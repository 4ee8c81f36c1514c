//! Whether what was collected is what was expected, asked before anything is loaded.

use super::last_time;
use super::read::Data;
use crate::domain::failure::{Failure, Side};
use crate::domain::step::{CollectStep, Expect, LoadMode};
use crate::duckdb::quoted;
use crate::steps::StepContext;

/// Checks all expectations and says everything that is wrong.
pub(in crate::steps::collect) async fn check(
    step: &CollectStep,
    data: &Data,
    context: &StepContext,
) -> Result<(), Failure> {
    let expect = &step.expect;
    let mut complaints: Vec<String> = Vec::new();
    complaints.extend(expect.rows.and_then(|bounds| bounds.complaint(data.rows)));
    if let Some(percent) = expect.drop_at_most {
        complaints.extend(last_time::dropped(data.rows, percent, context).await?);
    }
    // Records that aren't there have no columns, and that is what the number of rows is about.
    if !data.columns.is_empty() {
        let key = if step.into.mode == LoadMode::Upsert { step.into.key.as_slice() } else { &[] };
        let missing = missing(data, expect, key);
        complaints.extend(missing.iter().map(|name| format!("expected a column `{name}`, found {}", names(data))));
        if missing.is_empty() {
            for name in expect.not_null.iter().chain(key) {
                complaints.extend(nulls(data, name, context).await?);
            }
            for columns in [expect.unique.as_slice(), key] {
                complaints.extend(doubles(data, columns, context).await?);
            }
            if let Some(fresh) = &expect.fresh {
                complaints.extend(last_time::old(data, fresh, context).await?);
            }
        }
    }
    complaints.dedup();
    if !complaints.is_empty() {
        let message = format!("checking what was collected: {}; nothing was loaded", complaints.join("; "));
        return Err(Failure::expectation(Side::Source, message));
    }
    if data.rows == 0 && step.into.mode == LoadMode::Replace && !step.allow_empty {
        let message = "the source was empty; emptying a table takes `allow_empty: true`";
        return Err(Failure::expectation(Side::Source, message)
            .with_hint("a source that is never empty can say so: `expect: {rows: {min: 1}}`"));
    }
    Ok(())
}

/// Columns that are spoken of but aren't there.
fn missing(data: &Data, expect: &Expect, key: &[String]) -> Vec<String> {
    let mut missing: Vec<String> = Vec::new();
    let fresh = expect.fresh.as_ref().map(|fresh| fresh.column.clone());
    let lists = [expect.columns.as_slice(), &expect.not_null, &expect.unique, fresh.as_slice(), key];
    for name in lists.into_iter().flatten() {
        if !missing.contains(name) && !data.columns.iter().any(|column| column.name == *name) {
            missing.push(name.clone());
        }
    }
    missing
}

fn names(data: &Data) -> String {
    data.columns.iter().map(|column| format!("`{}`", column.name)).collect::<Vec<_>>().join(", ")
}

/// A complaint about missing values in a column.
async fn nulls(data: &Data, name: &str, context: &StepContext) -> Result<Option<String>, Failure> {
    let query = format!("select count(*) from stage.main.data where {} is null", quoted(name));
    let ask = move |connection: &duckdb::Connection| connection.query_row(&query, [], |row| row.get::<_, u64>(0));
    let count = data.session.run(&context.stop, "counting missing values", ask).await;
    let count = count.map_err(|error| error.on(Side::Internal))?;
    Ok((count > 0).then(|| format!("expected a value of `{name}` in every row, found {count} without")))
}

/// A complaint about rows that are alike in all of these columns.
async fn doubles(data: &Data, columns: &[String], context: &StepContext) -> Result<Option<String>, Failure> {
    if columns.is_empty() {
        return Ok(None);
    }
    let list = columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    let shown = columns.iter().map(|name| format!("coalesce({}::varchar, 'null')", quoted(name)));
    let shown = shown.collect::<Vec<_>>().join(" || ', ' || ");
    let query = format!(
        "with doubles as (select {list}, count(*) as times from stage.main.data group by {list} having count(*) > 1) \
         select count(*), first({shown}), first(times) from doubles"
    );
    let ask = move |connection: &duckdb::Connection| {
        connection.query_row(&query, [], |row| {
            Ok((row.get::<_, u64>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, Option<u64>>(2)?))
        })
    };
    let found = data.session.run(&context.stop, "looking for equal rows", ask).await;
    let (count, example, times) = found.map_err(|error| error.on(Side::Internal))?;
    Ok((count > 0).then(|| {
        let (example, times) = (example.unwrap_or_default(), times.unwrap_or_default());
        format!(
            "expected ({}) to tell rows apart, found {count} values more than once, for example ({example}) {times} times",
            columns.join(", ")
        )
    }))
}
