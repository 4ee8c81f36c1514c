//! Keeps things from growing: old runs and old logs go. Keeps an eye on replicas and on all else that jobs need, too.
//!
//! Runs on `tokio-cron-scheduler`, whose firings may be late or lost: housekeeping that is skipped once is done the
//! next time, so that is good enough here, and nowhere else.

mod files;
mod rows;

use std::sync::Arc;

use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use uuid::Uuid;

use super::freshness::Freshness;
use super::shared::Shared;
use super::{checkup, freshness, spool};

/// Every minute, away from the full one, at which jobs like to be due. Where nothing is old that costs next to nothing, and
/// where much is made much goes, so that what is kept stays as large as it is.
const EVERY: &str = "17 * * * * *";

/// Every ten minutes: folders can only be looked at one by one.
const FILES_EVERY: &str = "37 7-57/10 * * * *";

/// Keeps house as long as it is polled.
pub(super) async fn keep(shared: Arc<Shared>) {
    if let Err(error) = keep_on(&shared).await {
        tracing::error!(%error, "housekeeping is not done");
    }
}

async fn keep_on(shared: &Arc<Shared>) -> Result<(), JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    let freshness = Arc::new(Freshness::default());
    let mut rounds = add(&scheduler, shared, &freshness).await?;
    scheduler.start().await?;
    // What is stale when the daemon starts is known at once.
    tokio::join!(freshness.look(shared), checkup::look(shared), spool::sweep(shared));
    loop {
        shared.clock_set_back.notified().await;
        // Each round knows by the clock on the wall when it is due next, and would wait until that shows it again.
        for round in &rounds {
            scheduler.remove(round).await?;
        }
        rounds = add(&scheduler, shared, &freshness).await?;
    }
}

/// Adds all that is done now and then.
async fn add(
    scheduler: &JobScheduler,
    shared: &Arc<Shared>,
    freshness: &Arc<Freshness>,
) -> Result<[Uuid; 4], JobSchedulerError> {
    let freshness = Arc::clone(freshness);
    let look = move |shared: Arc<Shared>| {
        let freshness = Arc::clone(&freshness);
        async move { freshness.look(&shared).await }
    };
    Ok([
        every(scheduler, EVERY, shared, |shared| async move { rows::keep_house(&shared).await }).await?,
        every(scheduler, FILES_EVERY, shared, |shared| async move { files::clear(&shared).await }).await?,
        every(scheduler, freshness::EVERY, shared, look).await?,
        every(scheduler, checkup::EVERY, shared, |shared| async move { checkup::look(&shared).await }).await?,
    ])
}

/// Adds something that is done by the clock.
async fn every<F>(
    scheduler: &JobScheduler,
    cron: &str,
    shared: &Arc<Shared>,
    work: impl Fn(Arc<Shared>) -> F + Send + Sync + 'static,
) -> Result<Uuid, JobSchedulerError>
where
    F: Future<Output = ()> + Send + 'static,
{
    let shared = Arc::clone(shared);
    scheduler.add(Job::new_async(cron, move |_, _| Box::pin(work(Arc::clone(&shared))))?).await
}
