//! What only the clock shows: deadlines that pass, locks that are waited for too long.
//!
//! A deadline is looked at once, by whichever daemon is there then. If none was there when it passed, it is looked at by
//! the next one, as soon as the ledger has what was due before it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::alert::AlertKind;
use crate::engine::shared::Shared;
use crate::store::{JobDeadline, StoreError, Verdict};

/// How often is looked.
const EVERY: Duration = Duration::from_secs(10);

/// How long after a deadline it is looked at: an end that was recorded just before it must be seen.
const SETTLED: TimeDelta = TimeDelta::seconds(5);

/// Deadlines that passed longer ago than this are no news any more.
const NEWS: TimeDelta = TimeDelta::days(3);

/// Watches as long as it is polled.
pub(in crate::engine) async fn watch(shared: Arc<Shared>) {
    loop {
        if let Err(error) = look(&shared).await {
            tracing::debug!(error = %error, "deadlines and locks are looked at the next time");
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn look(shared: &Shared) -> Result<(), StoreError> {
    let (jobs, now) = shared.store.deadlines().await?;
    for job in jobs {
        if let Some(now) = now {
            look_at(shared, job, now).await?;
        }
    }
    if shared.store.note_lock_waits().await? > 0 {
        shared.alerts.notify_one();
    }
    Ok(())
}

/// Looks at the deadlines of a job that have passed.
async fn look_at(shared: &Shared, mut job: JobDeadline, now: DateTime<Utc>) -> Result<(), StoreError> {
    loop {
        let from = job.from.unwrap_or(now).max(now - NEWS);
        let Some(at) = job.deadline.next_after(from, job.zone) else { return Ok(()) };
        // What was due before it must be in the ledger.
        if at + SETTLED > now || job.next_due.is_none_or(|next| next < at) {
            return Ok(());
        }
        // What was due since the deadline before counts, also if the job was edited in between.
        let since = job.deadline.next_after(at - TimeDelta::hours(49), job.zone);
        let before = std::iter::successors(since, |since| job.deadline.next_after(*since, job.zone));
        let since = before.take_while(|before| *before < at).last().unwrap_or(from);
        if let Verdict::Missed { due, told } = shared.store.judge_deadline(&job, since, at).await? {
            tracing::warn!(job.name = %job.job, deadline = %at, scheduled_for = %due, "the deadline has passed in vain");
            if told {
                shared.alerts.notify_one();
            } else {
                shared.metrics.alert(AlertKind::Deadline.label(), "unheard");
            }
        }
        job.from = Some(at);
    }
}
