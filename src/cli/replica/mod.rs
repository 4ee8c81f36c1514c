//! `windlass replica`: how a published replica is, whether its file is what it should be, and the way back.
//!
//! A replica is named by its path, or by the job that publishes it. None of these needs the state database: what is to
//! be known lies beside the replica. Who goes back is recorded there.

mod look;
mod roll_back;
mod status;
mod target;
mod verify;

use super::arguments::{Global, ReplicaCommand};
use super::error::{CliError, Exit};

/// Does what was asked for.
pub(super) async fn run(command: &ReplicaCommand, global: &Global) -> Result<Exit, CliError> {
    match command {
        ReplicaCommand::Status(name) => Box::pin(status::run(name, global)).await,
        ReplicaCommand::Verify(name) => Box::pin(verify::run(name, global)).await,
        ReplicaCommand::Rollback(arguments) => Box::pin(roll_back::run(arguments, global)).await,
    }
}
