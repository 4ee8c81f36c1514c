//! The state database at the daemon's start: waited for as long as it takes, refused at once if it can't be right.

use std::time::Duration;

use super::command::Serving;
use crate::cli::error::CliError;
use crate::cli::signals::Signals;
use crate::cli::wire;
use crate::domain::failure::FailureClass;
use crate::domain::readiness::Readiness;
use crate::store::Store;

/// Longest pause between two looks at a state database that is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Opens the store when the state database answers; `None` if somebody asked for the end before.
pub(super) async fn open(serving: &Serving, signals: &mut Signals) -> Result<Option<Store>, CliError> {
    let server = wire::state_server(&serving.workspace.settings, serving.embedded.as_ref())?;
    let mut pause = Duration::from_millis(200);
    loop {
        let opened = tokio::select! {
            opened = wire::store(server.clone(), serving.metrics.clone()) => opened,
            () = signals.stop() => return Ok(None),
        };
        let error = match opened {
            Ok(store) => return Ok(Some(store)),
            Err(error) => error,
        };
        // A wrong password or a newer schema doesn't pass by waiting.
        let Some(failure) = error.failure().filter(|failure| failure.class == FailureClass::Transient) else {
            return Err(error);
        };
        let detail = serving.workspace.masker.text(&failure.message).into_owned();
        tracing::warn!(error = %detail, "waiting for the state database");
        serving.metrics.state_up(false);
        serving.ready.send_replace(Readiness { detail, ..Readiness::default() });
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = signals.stop() => return Ok(None),
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
