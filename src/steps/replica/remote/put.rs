//! A generation's way into a store: its file first, under a number of its own; then, in turn, its manifest, the replica
//! and the replica's manifest.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::timeout;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, FailureClass, Side};
use crate::domain::replica::Manifest;
use crate::objects::{ObjectError, Upload, Version};

use super::super::keep::staying;
use super::super::manifest;
use super::claim::Publisher;
use super::replica::RemoteReplica;

/// How long the removal of what was given up may take; the next attempt removes the rest.
const PATIENCE: Duration = Duration::from_secs(20);

impl RemoteReplica {
    /// Uploads a file under a number of its own, which it says. Nothing of it stays if that fails.
    pub async fn upload(&self, who: &Publisher, upload: &Upload<'_>) -> Result<u64, Failure> {
        let number = self.claim(who, self.look().await?.state.largest() + 1).await?;
        match self.bucket.upload(&self.keys.generation(number), upload).await {
            Ok(_) => Ok(number),
            Err(error) => {
                self.discard(number).await;
                Err(error.failure())
            }
        }
    }

    /// Takes a generation away that was not shown: what says that it is there first, the claim of its number last.
    pub async fn discard(&self, number: u64) {
        let removing = async {
            self.remove_file(number).await?;
            self.bucket.remove(&self.keys.claim(number)).await
        };
        // The next attempt removes what can't be removed now.
        drop(timeout(PATIENCE, removing).await);
    }

    /// Takes a generation's manifest and file away, and what there is of its upload.
    pub(super) async fn remove_file(&self, number: u64) -> Result<(), ObjectError> {
        let key = self.keys.generation(number);
        self.bucket.remove(&self.keys.generation_manifest(number)).await?;
        for unfinished in self.unfinished().await.ok().flatten().into_iter().flatten() {
            if unfinished.key == key {
                self.bucket.give_up(&unfinished).await?;
            }
        }
        self.bucket.remove(&key).await
    }

    /// Makes the generation that was uploaded under that number the replica. The manifest lacks only what depends on
    /// its place. Whoever calls this has the turn.
    ///
    /// After a failure that may pass, what is there stays if the generation's manifest is: the next attempt goes on
    /// from there. After any other nothing stays.
    pub async fn show(
        &self,
        who: &Publisher,
        number: u64,
        manifest: &Manifest,
        upload: &Upload<'_>,
    ) -> Result<Manifest, Failure> {
        let mut number = number;
        let shown = self.try_show(who, &mut number, manifest, upload).await;
        if let Err(failure) = &shown {
            let entered = async {
                let found = self.bucket.find(&self.keys.generation_manifest(number)).await;
                found.is_ok_and(|found| found.is_some())
            };
            if failure.class != FailureClass::Transient || !entered.await {
                self.discard(number).await;
            }
        }
        shown
    }

    async fn try_show(
        &self,
        who: &Publisher,
        number: &mut u64,
        manifest: &Manifest,
        upload: &Upload<'_>,
    ) -> Result<Manifest, Failure> {
        let seen = self.look().await?;
        let published = seen.state.manifest.as_ref();
        if *number <= seen.state.published_until() {
            // Another publisher with a later number was here first. Numbers only grow, so this one needs a new one.
            let (old, new) = (*number, self.claim(who, seen.state.largest() + 1).await?);
            *number = new;
            let moved = self.duplicate(old, &self.keys.generation(new), manifest.bytes, Some(upload)).await;
            self.discard(old).await;
            moved.map_err(ObjectError::failure)?;
        }
        let manifest = Manifest {
            generation: *number,
            file: self.keys.generation_name(*number),
            previous: published.map(|manifest| manifest.generation),
            rolled_back_from: None,
            ..manifest.clone()
        };
        let text = text(&manifest)?;
        let key = self.keys.generation_manifest(*number);
        if self.bucket.create(&key, text).await.map_err(ObjectError::failure)?.is_none() {
            return Err(self.overtaken(&format!("generation {number} has a manifest already")));
        }
        // Without it the generation is as whole; the next publish removes what stays of it.
        drop(self.bucket.remove(&self.keys.claim(*number)).await);
        self.put_in_place(&manifest, seen.version.as_ref(), Some(upload)).await?;
        Ok(manifest)
    }

    /// Makes a generation that is there the replica: its file first, its manifest last. `version` is the replica's
    /// manifest that was there before; `file` the same file on a disk, for what the store can't copy by itself.
    pub(super) async fn put_in_place(
        &self,
        manifest: &Manifest,
        version: Option<&Version>,
        file: Option<&Upload<'_>>,
    ) -> Result<(), Failure> {
        let replica = self.keys.replica();
        let copied = self.duplicate(manifest.generation, replica, manifest.bytes, file).await;
        copied.map_err(ObjectError::failure)?;
        let bytes = self.bytes().await?;
        if bytes != Some(manifest.bytes) {
            let has = bytes.map_or_else(|| "is not there".to_owned(), |bytes| format!("has {bytes} bytes"));
            return Err(self.overtaken(&format!("after it was put in place with {} bytes it {has}", manifest.bytes)));
        }
        let (key, text) = (self.keys.manifest(), text(manifest)?);
        let put = match version {
            None => self.bucket.create(&key, text).await,
            Some(version) => self.bucket.replace(&key, text, version).await,
        };
        match put.map_err(ObjectError::failure)? {
            Some(_) => Ok(()),
            None => Err(self.overtaken("its manifest is not the one that was there a moment ago")),
        }
    }

    /// Puts a generation's file under another key.
    async fn duplicate(&self, number: u64, to: &str, bytes: u64, file: Option<&Upload<'_>>) -> Result<(), ObjectError> {
        match file {
            Some(file) if bytes > self.bucket.copies_up_to() => self.bucket.upload(to, file).await.map(drop),
            _ => self.bucket.copy(&self.keys.generation(number), to).await,
        }
    }

    /// Removes generations beyond `keep`, never the published one, and what publishers left that died. Says which
    /// generations. What can't be removed is tried again after the next publish.
    pub async fn remove_old(&self, who: &Publisher, keep: u32, now: DateTime<Utc>) -> Result<Vec<u64>, Failure> {
        let seen = self.look().await?;
        self.remove_halves(&seen, who, now).await?;
        let state = &seen.state;
        let staying = staying(state, keep);
        let old: Vec<u64> = state.kept.keys().copied().filter(|number| !staying.contains(number)).collect();
        for number in &old {
            let manifest = self.bucket.remove(&self.keys.generation_manifest(*number)).await;
            manifest.map_err(ObjectError::failure)?;
            self.bucket.remove(&self.keys.generation(*number)).await.map_err(ObjectError::failure)?;
        }
        Ok(old)
    }

    fn overtaken(&self, words: &str) -> Failure {
        let message = format!("publishing to {}: {words}", self.address());
        Failure::transient(Code::StoreUnreachable, Side::Target, message)
            .with_hint("somebody else writes to the same address")
    }
}

fn text(manifest: &Manifest) -> Result<bytes::Bytes, Failure> {
    manifest::text(manifest).map(Into::into).map_err(|error| Failure::bug(format!("writing a manifest: {error}")))
}
