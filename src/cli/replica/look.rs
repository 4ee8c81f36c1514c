//! A look at a replica, wherever it stands.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::target::{Place, Target};
use crate::cli::{clock, output};
use crate::domain::failure::Failure;
use crate::domain::replica::Manifest;
use crate::steps::replica::{self, State, problems, refused, unfinished_files};

/// What is seen without reading the replica's file.
pub(super) struct Look {
    /// What is there.
    pub state: State,
    /// The replica's size.
    pub bytes: Option<u64>,
    /// What is wrong.
    pub problems: Vec<String>,
    /// What a publish that is under way has there, or one left that died.
    pub unfinished: Vec<String>,
}

impl Target {
    /// Looks at it.
    pub(super) async fn look(&self) -> Result<Look, Failure> {
        match &self.place {
            Place::Disk(layout) => {
                let state =
                    State::read(layout).map_err(|error| refused(&format!("reading {}", self.path()), &error))?;
                let (problems, unfinished) = (problems(layout, &state), unfinished_files(layout, &state));
                Ok(Look { bytes: state.file.map(|file| file.bytes), state, problems, unfinished })
            }
            Place::Store(replica) => {
                let state = replica.state().await?;
                let bytes = replica.bytes().await?;
                let unfinished = state.halves.iter().map(|number| replica.generation_address(*number)).collect();
                Ok(Look { problems: replica.problems(&state, bytes), state, bytes, unfinished })
            }
        }
    }

    /// All that is wrong with its file. One in a store is fetched into a folder of its own in `spool`.
    pub(super) async fn wrong_with(&self, manifest: &Manifest, spool: &Path) -> Result<Vec<String>, Failure> {
        let stop = CancellationToken::new();
        match &self.place {
            Place::Disk(layout) => Box::pin(replica::wrong_with(&layout.replica(), manifest, &stop)).await,
            Place::Store(replica) => Box::pin(replica.wrong_with(manifest, spool, &stop)).await,
        }
    }

    /// Makes an earlier generation the replica again.
    pub(super) async fn roll_back(&self, to: Option<u64>, spool: &Path) -> Result<Manifest, Failure> {
        let (stop, now, waiting) = (CancellationToken::new(), clock::now(), |words: &str| output::note(words));
        match &self.place {
            Place::Disk(layout) => Box::pin(replica::roll_back(layout, to, now, &stop, waiting)).await,
            Place::Store(replica) => Box::pin(replica.roll_back(to, now, spool, &stop, waiting)).await,
        }
    }
}
