//! `windlass alerts`: what somebody should have heard of, and whether they have.

use chrono_tz::Tz;
use comfy_table::Cell;

use super::alert_arguments::AlertsArguments;
use super::arguments::Global;
use super::error::{CliError, Exit};
use super::opened::with_state;
use super::{clock, find, format, output, suggest, table};
use crate::actions::moment::{self, Edge};
use crate::domain::alert::{Alert, AlertState};
use crate::domain::code::Code;
use crate::store::AlertFilter;

/// Lists alerts, newest first.
pub(super) async fn run(arguments: &AlertsArguments, global: &Global) -> Result<Exit, CliError> {
    let states = arguments.states.iter().map(|word| state(word)).collect::<Result<Vec<_>, _>>()?;
    let since =
        arguments.since.as_ref().map(|text| moment::since(text, clock::now(), Tz::UTC, Edge::From)).transpose()?;
    with_state(global, async |opened| {
        let filter = AlertFilter { job: arguments.job.clone(), states, since, limit: arguments.limit.max(1) };
        let alerts = opened.store.alerts(&filter).await?;
        if let (Some(job), true) = (&arguments.job, alerts.is_empty())
            && opened.store.job(job).await?.is_none()
        {
            return Err(find::no_job(&opened.store, job).await.into());
        }
        if global.json {
            output::json(&alerts)?;
        } else if alerts.is_empty() {
            output::line("No alerts. Who is told of what is `notify:` in a job file or in windlass.yaml; `windlass notify test` tries it.")?;
        } else {
            output::table(&listed(&alerts))?;
        }
        Ok(Exit::Done)
    })
    .await
}

fn state(word: &str) -> Result<AlertState, CliError> {
    AlertState::from_label(word).ok_or_else(|| {
        let known = AlertState::ALL.iter().map(|state| state.label());
        let all = known.clone().collect::<Vec<_>>().join(", ");
        let hint = suggest::hint(word, known, &format!("states: {all}"));
        CliError::input(Code::Parameter, format!("`{word}` is not a state of an alert"), hint)
    })
}

fn listed(alerts: &[Alert]) -> comfy_table::Table {
    let mut table = table::new(&["WHEN", "KIND", "JOB", "RUN", "STATE", ">TRIES", "NEXT TRY", "WHAT"]);
    let runs: Vec<_> = alerts.iter().filter_map(|alert| alert.run).collect();
    let mut ids = format::short_ids(&runs).into_iter();
    for alert in alerts {
        let id = alert.run.and_then(|_| ids.next());
        table.add_row([
            Cell::new(format::time(alert.at)),
            Cell::new(alert.kind.label()),
            Cell::new(&alert.job),
            Cell::new(format::or_dash(id, |id| id)),
            table::state(alert.state.label()),
            Cell::new(alert.tries),
            Cell::new(format::or_dash(alert.next_try, format::time)),
            Cell::new(what(alert)),
        ]);
    }
    table
}

/// What it is about beside its run, and what its receiver said last; one line.
fn what(alert: &Alert) -> String {
    let detail = &alert.detail;
    let about = detail.lock.clone().or_else(|| detail.replica.clone()).or_else(|| detail.step.clone());
    let about = about.or_else(|| detail.deadline.map(|at| format!("by {}", format::time(at))));
    let words: Vec<String> = about.into_iter().chain(alert.error.clone()).collect();
    words.join(": ").lines().next().unwrap_or_default().chars().take(100).collect()
}
