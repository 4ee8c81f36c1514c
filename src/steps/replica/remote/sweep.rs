//! Removing what publishers left that died, and nothing that a living one is about to use.
//!
//! A publisher has its claim before it uploads and takes the claim away once its manifest is there. So an upload or a
//! file without claim and manifest is nobody's.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::failure::Failure;
use crate::objects::{ObjectError, ObjectErrorKind};

use super::claim::Publisher;
use super::look::Seen;
use super::replica::RemoteReplica;

/// How old another publisher's claim is when it counts as left. Far longer than an upload takes, and longer than clocks
/// differ.
const ABANDONED: Duration = Duration::from_hours(48);

impl RemoteReplica {
    /// Removes what publishers left that died, and says what that was. `who` is about to publish.
    pub async fn sweep(&self, who: &Publisher, now: DateTime<Utc>) -> Result<Vec<String>, Failure> {
        // What everybody may ask comes first: who may not, or where there is no bucket, is told so in plain words.
        self.published().await?;
        // Uploads are listed before claims, so that an upload that is listed has its claim already.
        let unfinished = match self.unfinished().await {
            Err(error) if matches!(error.kind, ObjectErrorKind::Denied | ObjectErrorKind::NotSupported) => {
                let words =
                    format!("{error}; a lifecycle rule of the bucket should remove what uploads leave that break off");
                return self.sweep_objects(who, now).await.map(|mut said| {
                    said.push(words);
                    said
                });
            }
            unfinished => unfinished.map_err(ObjectError::failure)?.unwrap_or_default(),
        };
        let seen = self.look().await?;
        let mut said = Vec::new();
        for one in unfinished {
            let lives = match self.keys.parts(&one.key) {
                Some((number, _)) => self.lives(number, &seen, who, now).await?,
                None => seen.switching,
            };
            if !lives {
                said.push(format!(
                    "removing an upload of {} that was begun and never ended",
                    self.bucket.address(&one.key)
                ));
                self.bucket.give_up(&one).await.map_err(ObjectError::failure)?;
            }
        }
        said.extend(self.remove_halves(&seen, who, now).await?);
        Ok(said)
    }

    async fn sweep_objects(&self, who: &Publisher, now: DateTime<Utc>) -> Result<Vec<String>, Failure> {
        let seen = self.look().await?;
        self.remove_halves(&seen, who, now).await
    }

    /// Removes files and manifests that nobody is about to complete. A claim above the published generation stays until
    /// a later one is published: its holder may wake up, and its number must not be somebody else's then.
    pub(super) async fn remove_halves(
        &self,
        seen: &Seen,
        who: &Publisher,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, Failure> {
        let mut said = Vec::new();
        // A generation that is published has only lost its manifest.
        for number in seen.state.halves.iter().copied().filter(|number| seen.state.shown != Some(*number)) {
            if !self.lives(number, seen, who, now).await? {
                said.push(format!(
                    "removing generation {number} of {}, left half by an earlier attempt",
                    self.address()
                ));
                if number < seen.state.shown.unwrap_or(0) {
                    self.discard(number).await;
                } else {
                    self.remove_file(number).await.map_err(ObjectError::failure)?;
                }
            }
        }
        Ok(said)
    }

    /// Whether somebody is about to publish under that number.
    async fn lives(&self, number: u64, seen: &Seen, who: &Publisher, now: DateTime<Utc>) -> Result<bool, Failure> {
        let Some(claim) = seen.claims.get(&number) else { return Ok(false) };
        let other = self.publisher(&self.keys.claim(number)).await.map_err(ObjectError::failure)?;
        let rests = (now - claim.changed).to_std().is_ok_and(|rest| rest > ABANDONED);
        Ok(!rests && other.is_some_and(|other| !who.follows(&other)))
    }
}
