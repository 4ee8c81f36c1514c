//! `windlass cancel`.

use super::arguments::{Global, RunId};
use super::error::{CliError, Exit};
use super::opened::with_state;
use super::{find, output};
use crate::actions::cancel as actions;
use crate::domain::state::RunState;

/// Asks for a run's end.
pub(super) async fn run(arguments: &RunId, global: &Global) -> Result<Exit, CliError> {
    with_state(global, async |opened| {
        let before = find::run(&opened.store, &arguments.run).await?;
        let id = before.id;
        if before.state.is_final() {
            return super::told(global, &before, &format!("Run {id} has ended already: {}.", before.state));
        }
        let run = actions::cancel(&opened.store, &opened.actor(), &before).await?;
        let said = match run.state {
            RunState::Cancelled => format!("Run {id} is cancelled; it had not started."),
            _ => format!("Run {id} is being cancelled by its daemon: windlass show {id}"),
        };
        if global.json {
            output::json(&run)?;
        } else {
            output::line(said)?;
        }
        Ok(Exit::Done)
    })
    .await
}
