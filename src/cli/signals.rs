//! SIGINT, SIGTERM and SIGHUP, as they come.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::error::CliError;
use crate::domain::failure::Failure;

/// What somebody asks of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// End, cleaning up.
    Stop,
    /// Read what may have changed.
    Reload,
}

/// The signals that the process hears from now on.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
}

impl Signals {
    /// Hears SIGINT and SIGTERM.
    pub(super) fn of_command() -> Result<Self, CliError> {
        Ok(Self { interrupt: hear(SignalKind::interrupt())?, terminate: hear(SignalKind::terminate())?, hangup: None })
    }

    /// Hears SIGHUP too, which ends other commands (their terminal has gone).
    pub(super) fn of_daemon() -> Result<Self, CliError> {
        Ok(Self { hangup: Some(hear(SignalKind::hangup())?), ..Self::of_command()? })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Asked {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.terminate.recv() => Asked::Stop,
            _ = hangup => Asked::Reload,
        }
    }

    /// Waits until somebody asks for the end.
    pub(super) async fn stop(&mut self) {
        while self.next().await != Asked::Stop {}
    }
}

fn hear(kind: SignalKind) -> Result<Signal, CliError> {
    signal(kind).map_err(|error| Failure::bug(format!("listening for signals: {error}")).into())
}
