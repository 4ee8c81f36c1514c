//! What a command does outside the state database, with who did it in the record of actions.
//!
//! Such a command doesn't need the state database for its work. But where there is one, nothing is done of which nobody
//! will know: the entry comes first, and who can't wait for the state database says `--unrecorded`.

use serde_json::Value;

use super::error::CliError;
use super::opened::Opened;
use super::workspace::Workspace;
use crate::actions::outside;
use crate::domain::failure::Failure;
use crate::postgres::embedded::Embedded;
use crate::store::Act;

/// Does something, with its entry unless there is nowhere to put one.
pub(super) async fn recorded<T>(
    workspace: Workspace,
    unrecorded: bool,
    act: &Act<'_>,
    work: impl Future<Output = Result<T, Failure>>,
    told: impl FnOnce(&T) -> Value,
) -> Result<T, CliError> {
    let settings = &workspace.settings;
    let has_state = settings.state.is_some() || Embedded::is_made(&settings.data_dir);
    if unrecorded || !has_state {
        return Ok(work.await?);
    }
    let opened = Opened::open(workspace).await.map_err(refused)?;
    let done = outside::recorded(&opened.store, &opened.actor(), act, work, told).await;
    opened.close().await;
    Ok(done?)
}

/// That it can't be recorded and so isn't done.
fn refused(error: CliError) -> CliError {
    match error {
        CliError::Failed { exit, failure } => {
            let hint = failure.hint.as_deref().map(|hint| format!("{hint}; ")).unwrap_or_default();
            let hint = format!("{hint}`--unrecorded` does it without the record of who did it");
            let failure = failure.while_doing("noting who does this").with_hint(hint);
            CliError::Failed { exit, failure: Box::new(failure) }
        }
        other => other,
    }
}
