//! `windlass locks`.

use comfy_table::Cell;

use super::arguments::Global;
use super::error::{CliError, Exit};
use super::opened::with_state;
use super::{format, output, table};

/// Lists locks: who holds them, who waits, since when.
pub(super) async fn run(global: &Global) -> Result<Exit, CliError> {
    with_state(global, async |opened| {
        let locks = opened.store.locks().await?;
        if global.json {
            output::json(&locks)?;
        } else if locks.is_empty() {
            output::line("No lock is held or waited for.")?;
        } else {
            let ids: Vec<_> = locks.iter().map(|lock| lock.run).collect();
            let mut table = table::new(&["LOCK", "STATE", "JOB", "RUN", "SINCE", ">TOKEN"]);
            for (lock, id) in locks.iter().zip(format::short_ids(&ids)) {
                table.add_row([
                    Cell::new(&lock.name),
                    table::state(&lock.state),
                    Cell::new(&lock.job),
                    Cell::new(id),
                    Cell::new(format::time(lock.since)),
                    Cell::new(format::or_dash(lock.token, |token| token.to_string())),
                ]);
            }
            output::table(&table)?;
        }
        Ok(Exit::Done)
    })
    .await
}
