//! A run as it is shown: with the reader's view and the zone of its job.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use maud::Markup;

use crate::api::backend::Backend;
use crate::api::pages::find;
use crate::api::pages::parts::{amount, time};
use crate::api::pages::problem::Problem;
use crate::api::pages::view::View;
use crate::domain::run::Run;
use crate::store::AuditRow;

/// A run, and how to show it.
pub(super) struct Shown {
    pub(super) run: Run,
    pub(super) view: View,
    /// What people did to it, oldest first.
    pub(super) acts: Vec<AuditRow>,
    zone: Tz,
}

impl Shown {
    /// Reads the run with that id.
    pub(super) async fn read(backend: &Backend, id: &str, view: View) -> Result<Self, Problem> {
        let run = find::run(backend, id).await?;
        let (job, acts) = tokio::try_join!(backend.store.definition_of(run.id), backend.store.acts_of(run.id))?;
        let schedule = job.and_then(|stored| stored.definition.job.schedule);
        let zone = schedule.map_or(Tz::UTC, |schedule| schedule.zone);
        Ok(Self { run, view, acts, zone })
    }

    /// A time to the second.
    pub(super) fn time(&self, at: DateTime<Utc>) -> Markup {
        time::exact(&self.view, at, self.zone)
    }

    /// How long ago or ahead.
    pub(super) fn ago(&self, at: DateTime<Utc>) -> Markup {
        time::ago(&self.view, at, self.zone)
    }

    /// How long something has been going on.
    pub(super) fn since(&self, at: DateTime<Utc>) -> Markup {
        time::since(&self.view, at, self.zone)
    }
}

/// A length of time between two moments; none if they are the wrong way round.
pub(super) fn length(of: TimeDelta) -> String {
    amount::duration(of.to_std().unwrap_or_default())
}

/// A length of time in seconds.
pub(super) fn seconds(of: f64) -> String {
    amount::duration(Duration::try_from_secs_f64(of).unwrap_or_default())
}
