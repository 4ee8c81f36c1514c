//! `windlass audit`: who did what.

use comfy_table::Cell;
use serde_json::Value;

use super::arguments::{AuditArguments, Global};
use super::error::{CliError, Exit};
use super::opened::with_state;
use super::{find, format, output, table};
use crate::store::AuditFilter;

/// Lists actions, newest first.
pub(super) async fn run(arguments: &AuditArguments, global: &Global) -> Result<Exit, CliError> {
    with_state(global, async |opened| {
        let run = match &arguments.run {
            Some(run) => Some(find::run_id(&opened.store, run).await?),
            None => None,
        };
        let filter = AuditFilter { job: arguments.job.clone(), run, limit: arguments.limit, ..AuditFilter::default() };
        let acts = opened.store.acts(&filter).await?;
        if global.json {
            output::json(&acts)?;
        } else if acts.is_empty() {
            output::line("Nobody has done anything so far.")?;
        } else {
            let mut table = table::new(&["WHEN", "WHO", "BY", "WHAT", "JOB", "RUN", "SAID"]);
            for act in &acts {
                table.add_row([
                    Cell::new(format::time(act.at)),
                    Cell::new(&act.actor),
                    Cell::new(&act.via),
                    Cell::new(&act.action),
                    Cell::new(act.job.as_deref().unwrap_or("-")),
                    Cell::new(format::or_dash(act.run, |run| run.to_string())),
                    Cell::new(said(&act.detail)),
                ]);
            }
            output::table(&table)?;
        }
        Ok(Exit::Done)
    })
    .await
}

/// What else was said, in a line.
fn said(detail: &Value) -> String {
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs = detail.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    pairs.map(|(name, value)| format!("{name}: {}", word(value))).collect::<Vec<_>>().join(", ")
}
