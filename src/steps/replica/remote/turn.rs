//! The turn to change a replica: an object that its holder renews while it works.
//!
//! Clocks of stores and machines differ, so nobody compares times: whoever waits watches the object, and takes it over
//! once it has not changed for long. A holder that was paused that long finds out when it renews, and gives up.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::objects::{ObjectError, Version};

use super::claim::Publisher;
use super::replica::RemoteReplica;

/// How often a holder renews.
const RENEWED_EVERY: Duration = Duration::from_secs(10);

/// How long a turn that nobody renews is left alone: several renewals, each tried several times.
const ABANDONED: Duration = Duration::from_mins(1);

/// Pause between two looks of who waits. Most turns are over within seconds.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The turn, held. It must be given back; dropped, it is taken over later.
#[derive(Debug)]
pub struct Turn<'r> {
    replica: &'r RemoteReplica,
    who: Publisher,
    version: Version,
    renewals: u64,
}

impl RemoteReplica {
    /// Waits for the turn to change the replica, or for the stop. `waiting` hears, once, that somebody else has it.
    pub async fn turn(
        &self,
        who: &Publisher,
        stop: &CancellationToken,
        waiting: impl FnOnce(&str),
    ) -> Result<Turn<'_>, Failure> {
        let mut waiting = Some(waiting);
        let mut watched: Option<(Version, Instant)> = None;
        loop {
            // Not given up half way: it could be ours without our knowing.
            let taken = self.try_turn(who, watched.as_ref()).await.map_err(ObjectError::failure)?;
            let seen = match taken {
                Taken::Ours(version) => return Ok(Turn { replica: self, who: who.clone(), version, renewals: 0 }),
                Taken::Gone => continue,
                Taken::Theirs(version) => version,
            };
            if let Some(waiting) = waiting.take() {
                waiting(&format!("another publisher changes {}; waiting for it", self.address()));
            }
            watched = watched.filter(|(version, _)| *version == seen).or_else(|| Some((seen, Instant::now())));
            tokio::select! {
                biased;
                () = stop.cancelled() => return Err(Failure::stopped()),
                () = sleep(LOOK_AGAIN) => {}
            }
        }
    }

    async fn try_turn(&self, who: &Publisher, watched: Option<&(Version, Instant)>) -> Result<Taken, ObjectError> {
        let key = self.keys.turn();
        if let Some(version) = self.bucket.create(&key, text(who, 0)).await? {
            return Ok(Taken::Ours(version));
        }
        let Some(stored) = self.bucket.read(&key).await? else { return Ok(Taken::Gone) };
        let holder = serde_json::from_slice::<Publisher>(&stored.content).ok();
        // Our own, by an answer that was lost; an earlier attempt's; or one that was abandoned.
        let ours = holder.is_some_and(|holder| holder == *who || who.follows(&holder));
        let abandoned =
            watched.is_some_and(|(version, since)| *version == stored.version && since.elapsed() > ABANDONED);
        if !ours && !abandoned {
            return Ok(Taken::Theirs(stored.version));
        }
        let taken = self.bucket.replace(&key, text(who, 0), &stored.version).await?;
        Ok(taken.map_or(Taken::Gone, Taken::Ours))
    }
}

/// What came of one try.
enum Taken {
    /// It is ours.
    Ours(Version),
    /// Somebody else has it.
    Theirs(Version),
    /// Somebody else had it a moment ago.
    Gone,
}

impl Turn<'_> {
    /// Does `work` and renews the turn meanwhile. Gives up if somebody else took it.
    pub async fn hold<T>(&mut self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = sleep(RENEWED_EVERY) => self.renew().await?,
            }
        }
    }

    async fn renew(&mut self) -> Result<(), Failure> {
        self.renewals += 1;
        let text = text(&self.who, self.renewals);
        let renewed = self.replica.bucket.replace(&self.replica.keys.turn(), text, &self.version).await;
        let Some(version) = renewed.map_err(ObjectError::failure)? else {
            let message = format!("somebody else took the turn to change {}", self.replica.address());
            return Err(Failure::transient(Code::StoreUnreachable, Side::Target, message));
        };
        self.version = version;
        Ok(())
    }

    /// Gives the turn back.
    pub async fn give_back(self) -> Result<(), Failure> {
        let key = self.replica.keys.turn();
        let there = self.replica.bucket.read(&key).await.map_err(ObjectError::failure)?;
        if there.is_some_and(|there| there.version == self.version) {
            self.replica.bucket.remove(&key).await.map_err(ObjectError::failure)?;
        }
        Ok(())
    }
}

/// What the object holds: who, and something that differs each time, so that its version does.
fn text(who: &Publisher, renewals: u64) -> Bytes {
    let mut text = serde_json::json!(who);
    text["renewals"] = renewals.into();
    text.to_string().into()
}
