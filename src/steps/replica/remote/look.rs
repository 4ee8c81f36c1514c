//! What is there of a replica in an object store.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;

use crate::domain::failure::Failure;
use crate::domain::replica::Manifest;
use crate::objects::{Found, ObjectError, Version};
use crate::steps::replica::State;

use super::super::manifest;
use super::replica::RemoteReplica;

/// What is there.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// What there is of generations; `halves` counts claims too.
    pub(super) state: State,
    /// Which manifest it is that stands there.
    pub(super) version: Option<Version>,
    /// Claims by number.
    pub(super) claims: BTreeMap<u64, Found>,
    /// Files by number.
    pub(super) files: BTreeMap<u64, Found>,
    /// Whether somebody has the turn.
    pub(super) switching: bool,
}

impl RemoteReplica {
    /// What there is of the replica, in the terms of one on a disk.
    pub async fn state(&self) -> Result<State, Failure> {
        self.look().await.map(|seen| seen.state)
    }

    /// The published manifest.
    pub async fn published(&self) -> Result<Option<Manifest>, Failure> {
        let (manifest, _, _) = self.manifest(&self.keys.manifest()).await.map_err(ObjectError::failure)?;
        Ok(manifest)
    }

    /// The size of the replica itself; `None` if it isn't there.
    pub async fn bytes(&self) -> Result<Option<u64>, Failure> {
        let found = self.bucket.find(self.keys.replica()).await.map_err(ObjectError::failure)?;
        Ok(found.map(|found| found.bytes))
    }

    /// Looks at everything. The manifest is read first: what it names was there then.
    pub(super) async fn look(&self) -> Result<Seen, Failure> {
        self.try_look().await.map_err(ObjectError::failure)
    }

    async fn try_look(&self) -> Result<Seen, ObjectError> {
        let mut seen = Seen::default();
        let (published, version, wrong) = self.manifest(&self.keys.manifest()).await?;
        seen.version = version;
        seen.state.unreadable.extend(wrong);
        let mut manifests = BTreeSet::new();
        for found in self.bucket.list(&self.keys.generations()).await? {
            seen.switching |= found.key == self.keys.turn();
            let Some((number, ending)) = self.keys.parts(&found.key) else { continue };
            match ending {
                "db" => drop(seen.files.insert(number, found)),
                "json" => drop(manifests.insert(number)),
                "uploading" => drop(seen.claims.insert(number, found)),
                _ => {}
            }
        }
        let whole = manifests.iter().copied().filter(|number| seen.files.contains_key(number));
        let read = whole.map(async |number| Ok::<_, ObjectError>((number, self.generation_manifest(number).await?)));
        for (number, (manifest, wrong)) in try_join_all(read).await? {
            seen.state.unreadable.extend(wrong);
            seen.state.kept.extend(manifest.map(|manifest| (number, manifest)));
        }
        let numbers = manifests.into_iter().chain(seen.files.keys().copied()).chain(seen.claims.keys().copied());
        seen.state.halves = numbers.filter(|number| !seen.state.kept.contains_key(number)).collect();
        seen.state.shown = published.as_ref().map(|manifest| manifest.generation);
        seen.state.manifest = published;
        Ok(seen)
    }

    async fn generation_manifest(&self, number: u64) -> Result<(Option<Manifest>, Option<String>), ObjectError> {
        let (manifest, _, wrong) = self.manifest(&self.keys.generation_manifest(number)).await?;
        Ok((manifest, wrong))
    }

    /// A manifest, which one of those that stood there it is, and why it can't be read if it can't.
    async fn manifest(&self, key: &str) -> Result<(Option<Manifest>, Option<Version>, Option<String>), ObjectError> {
        let Some(stored) = self.bucket.read(key).await? else { return Ok((None, None, None)) };
        let (manifest, wrong) = match manifest::parse(&stored.content) {
            Ok(manifest) => (Some(manifest), None),
            Err(words) => (None, Some(format!("{} can't be read: {words}", self.bucket.address(key)))),
        };
        Ok((manifest, Some(stored.version), wrong))
    }
}
