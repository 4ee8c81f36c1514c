//! Going back to an earlier generation in a store, once it is known to be whole.

use std::path::Path;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::domain::failure::Failure;
use crate::domain::ids::RunId;
use crate::domain::replica::Manifest;
use crate::objects::Upload;
use crate::steps::replica::wrong_with;

use super::super::roll_back::{choose, published_already, refuse_damaged};
use super::claim::Publisher;
use super::replica::RemoteReplica;

impl RemoteReplica {
    /// Makes a generation that stayed the replica again: the one that stood there before, or `to`. It is fetched into
    /// that folder and verified first.
    pub async fn roll_back(
        &self,
        to: Option<u64>,
        now: DateTime<Utc>,
        folder: &Path,
        stop: &CancellationToken,
        waiting: impl FnOnce(&str),
    ) -> Result<Manifest, Failure> {
        let who = Publisher { run: RunId(uuid::Uuid::new_v4()), step: "rollback".to_owned(), attempt: 1 };
        let mut turn = self.turn(&who, stop, waiting).await?;
        let done = turn.hold(self.go_back(to, now, folder, stop)).await;
        let given_back = turn.give_back().await;
        let done = done?;
        given_back?;
        Ok(done)
    }

    async fn go_back(
        &self,
        to: Option<u64>,
        now: DateTime<Utc>,
        folder: &Path,
        stop: &CancellationToken,
    ) -> Result<Manifest, Failure> {
        let doing = format!("going back with {}", self.address());
        let seen = self.look().await?;
        let state = &seen.state;
        let from = state.manifest.as_ref().map(|manifest| manifest.generation);
        let (number, kept) = choose(state, to, &doing)?;
        if from == Some(number) && self.bytes().await? == Some(kept.bytes) {
            return Err(published_already(state, number, &doing));
        }
        let file = self.fetch(&self.keys.generation(number), folder, stop).await?;
        refuse_damaged(&Box::pin(wrong_with(file.path(), kept, stop)).await?, number, &doing)?;
        let manifest = Manifest { published_at: now, rolled_back_from: from, ..kept.clone() };
        let upload = Upload { file: file.path(), sha256: &kept.sha256, progress: &|_| {}, stop };
        self.put_in_place(&manifest, seen.version.as_ref(), Some(&upload)).await?;
        Ok(manifest)
    }
}
