//! Going on where an earlier attempt of the same step died.

use crate::domain::failure::Failure;
use crate::domain::replica::Manifest;

use super::look::Seen;
use super::replica::RemoteReplica;

impl RemoteReplica {
    /// Makes a generation that is whole among the others the replica, where its publisher died before it could. Whoever
    /// calls this has the turn. `None` if it isn't there any more, or is too large for the store to copy by itself.
    pub async fn show_again(&self, number: u64) -> Result<Option<Manifest>, Failure> {
        let Seen { state, version, .. } = self.look().await?;
        let Some(manifest) = state.kept.get(&number) else {
            return Ok(state.manifest.filter(|manifest| manifest.generation == number));
        };
        if state.published_until() >= number {
            return Ok(Some(manifest.clone()));
        }
        if manifest.bytes > self.bucket.copies_up_to() {
            return Ok(None);
        }
        self.put_in_place(manifest, version.as_ref(), None).await?;
        Ok(Some(manifest.clone()))
    }
}
