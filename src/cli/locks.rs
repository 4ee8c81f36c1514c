//! `windlass locks`.

use comfy_table::Cell;

use super::arguments::Global;
use super::error::{CliError, Exit};
use super::opened::with_state;
use super::watch::{WatchArguments, watched};
use super::{format, output, table};
use crate::store::Store;

/// Lists locks: who holds them, who waits, since when.
pub(super) async fn run(watch: &WatchArguments, global: &Global) -> Result<Exit, CliError> {
    with_state(global, async |opened| watched(watch, async || list(&opened.store, global).await).await).await
}

async fn list(store: &Store, global: &Global) -> Result<Exit, CliError> {
    let locks = store.locks().await?;
    if global.json {
        output::json(&locks)?;
    } else if locks.is_empty() {
        output::line("No lock is held or waited for.")?;
    } else {
        let ids: Vec<_> = locks.iter().map(|lock| lock.run).collect();
        let short = format::short_ids(&ids);
        let mut table = table::new(&["LOCK", "STATE", "JOB", "RUN", "SINCE", ">TOKEN", "BEHIND"]);
        for (lock, id) in locks.iter().zip(&short) {
            // Whoever is ahead holds or waits for the same lock, so it is in the list too.
            let ahead = lock.behind.and_then(|run| ids.iter().position(|id| *id == run));
            let behind = ahead.zip(lock.behind_job.as_ref()).map(|(ahead, job)| format!("{job} {}", short[ahead]));
            table.add_row([
                Cell::new(&lock.name),
                table::state(&lock.state),
                Cell::new(&lock.job),
                Cell::new(id),
                Cell::new(format::time(lock.since)),
                Cell::new(format::or_dash(lock.token, |token| token.to_string())),
                Cell::new(format::or_dash(behind, |behind| behind)),
            ]);
        }
        output::table(&table)?;
    }
    Ok(Exit::Done)
}
