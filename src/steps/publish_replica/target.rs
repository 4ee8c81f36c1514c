//! The places of a replica: on disks of this machine, in object stores. All get the same file.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::object::{AddressError, ObjectAddress};
use crate::domain::replica::Manifest;
use crate::steps::StepContext;
use crate::steps::replica::remote::RemoteReplica;
use crate::steps::replica::{State, fingerprint, refused};

use super::examine::{Examined, blocking};
use super::place::Place;
use super::show::{self, New};
use super::{child_copy, remote, space};

/// A place of a replica.
pub(super) enum Target {
    /// On a disk of this machine.
    Local(Place),
    /// In an object store.
    Remote(RemoteReplica),
}

/// What a place has of a new generation that nobody sees yet.
pub(super) enum Brought {
    /// The hidden file beside the replica.
    Hidden,
    /// The file under the number that it was uploaded with.
    Uploaded(u64),
}

impl Target {
    /// The place that a step names, all of them different.
    pub(super) fn find_all(names: &[String], context: &StepContext) -> Result<Vec<Self>, Failure> {
        let mut targets: Vec<Self> = Vec::new();
        for name in names {
            let target = Self::find(name, context)?;
            if targets.iter().any(|other| other.name() == target.name()) {
                let message = format!("publishing to {}: it stands in `to` twice", target.name());
                return Err(Failure::permanent(Code::ReplicaTarget, Side::Target, message));
            }
            targets.push(target);
        }
        Ok(targets)
    }

    fn find(name: &str, context: &StepContext) -> Result<Self, Failure> {
        match ObjectAddress::parse(name) {
            None => Place::find(name, context).map(Self::Local),
            Some(Ok(address)) => RemoteReplica::open(&context.environment.objects, &address).map(Self::Remote),
            Some(Err(error)) => {
                let message = format!("publishing to {name}: {error}");
                Err(Failure::permanent(Code::ReplicaTarget, Side::Target, message).with_hint(AddressError::HINT))
            }
        }
    }

    /// Its path or address.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Local(place) => place.path().display().to_string(),
            Self::Remote(replica) => replica.address().to_owned(),
        }
    }

    /// Finds out whether it can be written to, and removes what earlier attempts left there.
    pub(super) async fn prepare(&self, context: &StepContext) -> Result<(), Failure> {
        match self {
            Self::Local(place) => place.prepare(context),
            Self::Remote(replica) => remote::prepare(replica, context).await,
        }
    }

    /// What an earlier attempt of this step has shown there already.
    pub(super) async fn shown_before(&self, keep: u32, context: &StepContext) -> Result<Option<Manifest>, Failure> {
        match self {
            Self::Local(place) => Box::pin(show::shown_before(place, keep, context)).await,
            Self::Remote(replica) => Box::pin(remote::shown_before(replica, keep, context)).await,
        }
    }

    /// The manifest of the generation that readers see there.
    pub(super) async fn published(&self, context: &StepContext) -> Result<Option<Manifest>, Failure> {
        match self {
            Self::Local(place) => {
                let state = State::read(place.layout()).map_err(|error| refused(&place.doing(), &error))?;
                Ok(state.manifest)
            }
            Self::Remote(replica) => context.unless_stopped(replica.published()).await?,
        }
    }

    /// Brings the new file there, unseen. `built` is where it was made.
    pub(super) async fn bring(
        &self,
        built: &Place,
        examined: &Examined,
        context: &StepContext,
    ) -> Result<Brought, Failure> {
        match self {
            Self::Local(place) if place.temporary() == built.temporary() => Ok(Brought::Hidden),
            Self::Local(place) => Box::pin(copy(place, built, examined, context)).await.map(|()| Brought::Hidden),
            Self::Remote(replica) => {
                Box::pin(remote::upload(replica, built, examined, context)).await.map(Brought::Uploaded)
            }
        }
    }

    /// Makes what was brought there the next generation and the replica. Says how long that took, in seconds.
    pub(super) async fn show(
        &self,
        brought: &Brought,
        new: &New<'_>,
        built: &Place,
        context: &StepContext,
    ) -> Result<(Manifest, std::time::Duration), Failure> {
        match (self, brought) {
            (Self::Remote(replica), Brought::Uploaded(number)) => {
                Box::pin(remote::show(replica, *number, new, built, context)).await
            }
            (Self::Local(place), _) => Box::pin(show::show(new, place, context)).await,
            (Self::Remote(_), Brought::Hidden) => Err(Failure::bug("an upload has no number")),
        }
    }

    /// Takes away what was brought there and not shown.
    pub(super) async fn give_up(&self, brought: &Brought) {
        if let (Self::Remote(replica), Brought::Uploaded(number)) = (self, brought) {
            replica.discard(*number).await;
        }
    }

    /// Removes this attempt's hidden files.
    pub(super) fn clean_up(&self, context: &StepContext) {
        if let Self::Local(place) = self {
            place.remove_temporary(context);
            // A child process of an attempt that was killed may have begun to write after the first sweep.
            drop(place.sweep(context));
        }
    }
}

/// Copies the new file into another folder, under a hidden name there, and sees to it that it arrived.
async fn copy(place: &Place, built: &Place, examined: &Examined, context: &StepContext) -> Result<(), Failure> {
    let doing = place.doing();
    if !space::may_share_blocks(built.temporary(), place.folder()) {
        space::refuse_if_short(place.folder(), examined.bytes, context)?;
    }
    let phase = format!("copying to {}", place.folder().display());
    child_copy::copy(built.temporary(), place.temporary(), &phase, context).await?;
    place.close_to_writers().map_err(|error| refused(&doing, &error))?;
    let (path, stop) = (place.temporary().to_path_buf(), context.stop.clone());
    let looking = move || {
        std::fs::File::open(&path)?.sync_all()?;
        fingerprint(&path, &stop)
    };
    let digest = blocking(looking).await?;
    if context.stop.is_cancelled() {
        return Err(Failure::stopped());
    }
    if digest.map_err(|error| refused(&doing, &error))?.sha256 == examined.sha256 {
        return Ok(());
    }
    let message = format!("{doing}: what arrived there is not what was copied");
    Err(Failure::transient(Code::ReplicaCheck, Side::Target, message).with_hint("look at the disk of that folder"))
}
