//! `windlass firings`: what became of a job's due times, and why.

use chrono_tz::Tz;
use comfy_table::Cell;

use super::arguments::Global;
use super::error::{CliError, Exit};
use super::opened::with_state;
use super::schedule_arguments::FiringsArguments;
use super::{find, format, output, table};
use crate::actions::firings::{shown, words};
use crate::actions::moment::{self, Edge};
use crate::domain::job::Job;
use crate::store::{FiringFilter, FiringRow};

/// Lists a job's firings, newest first.
pub(super) async fn run(arguments: &FiringsArguments, global: &Global) -> Result<Exit, CliError> {
    let name = &arguments.job;
    with_state(global, async |opened| {
        // A job whose file is gone has a history all the same.
        let job = opened.store.job(name).await?.map(|stored| stored.definition.job);
        let zone = job.as_ref().map_or(Tz::UTC, Job::zone);
        let since = arguments.since.as_ref().map(|text| moment::parse(text, zone, Edge::From)).transpose()?;
        let filter = FiringFilter { since, limit: arguments.limit.max(1), ..FiringFilter::default() };
        let firings = opened.store.firings(name, filter).await?;
        if firings.is_empty() && job.is_none() {
            return Err(find::no_job(&opened.store, name).await.into());
        }
        if global.json {
            let all: Vec<_> = firings.into_iter().map(|firing| shown(firing, zone)).collect();
            output::json(&all)?;
        } else if firings.is_empty() {
            output::line("No due times yet: the ledger begins when a daemon has loaded the job.")?;
        } else {
            output::table(&listed(&firings, zone))?;
        }
        Ok(Exit::Done)
    })
    .await
}

fn listed(firings: &[FiringRow], zone: Tz) -> comfy_table::Table {
    let mut table = table::new(&["DUE", "STATE", ">NOTICED AFTER", "RUN", "WHY"]);
    let runs: Vec<_> = firings.iter().filter_map(|firing| firing.run).collect();
    let mut ids = format::short_ids(&runs).into_iter();
    for firing in firings {
        let late = (firing.noticed_at - firing.scheduled_for).to_std().unwrap_or_default();
        let id = firing.run.and_then(|_| ids.next());
        table.add_row([
            Cell::new(format::local_time(firing.scheduled_for, zone)),
            table::state(&firing.state),
            Cell::new(format::duration(late)),
            Cell::new(format::or_dash(id, |id| id)),
            Cell::new(firing.reason.as_deref().map_or("", words)),
        ]);
    }
    table
}
