//! What is expected of rows compared with the last time, and with the run's own day.

use chrono::{DateTime, SecondsFormat};

use super::read::Data;
use crate::domain::failure::{Failure, Side};
use crate::domain::step::{Fresh, dropped as too_few};
use crate::duckdb::{literal, quoted};
use crate::steps::StepContext;

/// A complaint about far fewer rows than the last time that this step succeeded.
pub(super) async fn dropped(rows: u64, at_most: u8, context: &StepContext) -> Result<Option<String>, Failure> {
    let last = context.unless_stopped(context.host.last_outcome()).await??;
    let Some(before) = last.and_then(|outcome| outcome.rows) else {
        context.info("this step has not succeeded in another run yet, so there is no number of rows to compare with");
        return Ok(None);
    };
    Ok(too_few(rows, before, at_most))
}

/// A complaint about a column whose latest time is long before the run's due time. That, not now: a run that catches up
/// is judged by its own day.
pub(super) async fn old(data: &Data, fresh: &Fresh, context: &StepContext) -> Result<Option<String>, Failure> {
    let due = context.scope.run.scheduled_for;
    let name = quoted(&fresh.column);
    // Times that name no zone, and days, are the job's.
    let zone = format!("set TimeZone = {}", literal(context.scope.zone.name()));
    let query = format!(
        "select epoch_us(max(try_cast({name} as timestamptz))), count({name}) > 0 and max(try_cast({name} as timestamptz)) is null \
         from stage.main.data"
    );
    let ask = move |connection: &duckdb::Connection| {
        connection.execute_batch(&zone)?;
        let found = connection.query_row(&query, [], |row| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, bool>(1)?)));
        connection.execute_batch("reset TimeZone")?;
        found
    };
    let (latest, no_times) = data
        .session
        .run(&context.stop, "looking for the latest time", ask)
        .await
        .map_err(|error| error.on(Side::Internal))?;
    let (column, within) = (&fresh.column, humantime::format_duration(fresh.within));
    let due_text = due.to_rfc3339_opts(SecondsFormat::Secs, true);
    let expected = format!("expected a time in `{column}` at most {within} before the run's due time {due_text}");
    let Some(latest) = latest.and_then(DateTime::from_timestamp_micros) else {
        let found = if no_times { "values that are no times" } else { "no value at all" };
        return Ok(Some(format!("{expected}, found {found}")));
    };
    let age = due.signed_duration_since(latest).to_std().unwrap_or_default();
    let latest = latest.to_rfc3339_opts(SecondsFormat::Secs, true);
    Ok((age > fresh.within).then(|| format!("{expected}, found {latest} as the latest")))
}
