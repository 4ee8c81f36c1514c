//! Winning a number: whoever creates the object that bears it has it, before anything is uploaded under it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::domain::failure::Failure;
use crate::domain::ids::RunId;
use crate::objects::ObjectError;

use super::replica::RemoteReplica;

/// Who publishes: one attempt of one step of one run, or somebody who goes back to an earlier generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publisher {
    /// The run.
    pub run: RunId,
    /// The step.
    pub step: String,
    /// The attempt.
    pub attempt: u32,
}

impl Publisher {
    /// Whether another one is an earlier attempt of the same step. That one has ended: the engine starts no attempt
    /// before.
    pub(super) fn follows(&self, other: &Self) -> bool {
        (self.run, &self.step) == (other.run, &other.step) && self.attempt > other.attempt
    }

    pub(super) fn text(&self) -> Bytes {
        // A struct of plain fields can't fail to be written.
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

impl RemoteReplica {
    /// Wins a number, from that one on.
    pub(super) async fn claim(&self, who: &Publisher, from: u64) -> Result<u64, Failure> {
        let mut number = from.max(1);
        while !self.try_claim(who, number).await.map_err(ObjectError::failure)? {
            number += 1;
        }
        Ok(number)
    }

    async fn try_claim(&self, who: &Publisher, number: u64) -> Result<bool, ObjectError> {
        let key = self.keys.claim(number);
        let created = self.bucket.create(&key, who.text()).await?.is_some();
        // The answer to an earlier try may have been lost; and where a store ignores the condition, the last one wins.
        if self.publisher(&key).await?.as_ref() != Some(who) {
            return Ok(false);
        }
        // Who had it before may have published it and taken the claim away since it was looked for.
        let published = self.published().await.ok().flatten().map_or(0, |manifest| manifest.generation);
        if published < number && self.bucket.find(&self.keys.generation_manifest(number)).await?.is_none() {
            return Ok(true);
        }
        if created {
            self.bucket.remove(&key).await?;
        }
        Ok(false)
    }

    /// Who left an object there; `None` if it isn't there, or isn't ours to read.
    pub(super) async fn publisher(&self, key: &str) -> Result<Option<Publisher>, ObjectError> {
        let stored = self.bucket.read(key).await?;
        Ok(stored.and_then(|stored| serde_json::from_slice(&stored.content).ok()))
    }
}
