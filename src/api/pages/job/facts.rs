//! What the page of a job is made from.

use chrono_tz::Tz;

use crate::api::backend::Backend;
use crate::api::pages::problem::Problem;
use crate::domain::job::Job;
use crate::domain::run::Run;
use crate::store::{FiringRow, JobOverview, RunBrief, RunFilter, StoredJob};

/// Runs in the chart, and in the table below it.
pub(super) const CHARTED: u32 = 100;
const LISTED: u32 = 20;

/// Due times that did not run.
const LEFT_OUT: u32 = 20;

/// What is known of a job.
pub(super) struct Facts {
    /// Its state.
    pub(super) job: JobOverview,
    /// Its definition.
    pub(super) stored: StoredJob,
    /// Its last runs, oldest first.
    pub(super) charted: Vec<RunBrief>,
    /// The newest of them with all that is known, newest first.
    pub(super) listed: Vec<Run>,
    /// Due times that did not run.
    pub(super) left_out: Vec<FiringRow>,
    /// Due times that its pause has skipped so far.
    pub(super) skipped: usize,
}

impl Facts {
    /// Reads them.
    pub(super) async fn read(backend: &Backend, name: &str) -> Result<Self, Problem> {
        let store = &backend.store;
        let unknown = || Problem::Unknown("job", name.to_owned());
        let job = store.overview_of(name).await?.ok_or_else(unknown)?;
        let listed = RunFilter { job: Some(name.to_owned()), limit: LISTED, ..RunFilter::default() };
        let jobs = [name];
        let (stored, mut charted, listed, left_out, skipped) = tokio::try_join!(
            store.definition(&job.definition),
            store.strips(&jobs, CHARTED),
            store.runs(&listed),
            store.left_out(name, LEFT_OUT),
            async { if job.pause.is_some() { store.skipped_by_pause(name).await } else { Ok(vec![]) } },
        )?;
        let stored = stored.ok_or_else(unknown)?;
        let charted = charted.remove(name).unwrap_or_default();
        Ok(Self { job, stored, charted, listed, left_out, skipped: skipped.len() })
    }

    /// The job as it is run.
    pub(super) fn definition(&self) -> &Job {
        &self.stored.definition.job
    }

    /// Its zone.
    pub(super) fn zone(&self) -> Tz {
        self.definition().zone()
    }
}
