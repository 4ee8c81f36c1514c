//! Telling what is recorded: taken from the state database, told, and noted there.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;

use crate::domain::alert::{AlertId, AlertKind, AlertState, Notify, message};
use crate::domain::failure::{Failure, FailureClass};
use crate::domain::retry::{Backoff, RetryPolicy};
use crate::engine::shared::Shared;
use crate::steps::alert::{Receiver, Teller};
use crate::store::{ClaimedAlert, StoreError};

/// How often is looked for alerts that others have recorded, or that are to be tried again.
const EVERY: Duration = Duration::from_secs(5);

/// Alerts that can't be told for so long are given up: by then somebody has found out otherwise.
const GIVE_UP: TimeDelta = TimeDelta::days(3);

/// When telling is tried again: soon at first, then seldom. Whatever the reason: an address that is put right within
/// days gets what it missed.
fn policy() -> RetryPolicy {
    RetryPolicy {
        attempts: u32::MAX,
        delay: Duration::from_secs(5),
        backoff: Backoff::Exponential,
        max_delay: Duration::from_mins(15),
        jitter: 0.2,
        on: vec![FailureClass::Transient, FailureClass::Timeout, FailureClass::Permanent, FailureClass::Bug],
    }
}

/// Tells as long as it is polled.
pub(in crate::engine) async fn deliver(shared: Arc<Shared>) {
    let teller = match Teller::new(shared.environment.env.clone()) {
        Ok(teller) => teller,
        Err(error) => {
            tracing::error!(error = %error, "alerts can't be told by this daemon");
            return;
        }
    };
    loop {
        match turn(&shared, &teller).await {
            // There may be more than were taken at once.
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::debug!(error = %error, "alerts are looked for the next time"),
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shared.alerts.notified() => {}
        }
    }
}

/// Takes what is to be told, and tells it. Says whether there was anything.
async fn turn(shared: &Shared, teller: &Teller) -> Result<bool, StoreError> {
    let claimed = shared.store.claim_alerts(shared.me.id).await?;
    let some = !claimed.is_empty();
    let mut groups: BTreeMap<(String, AlertKind, bool), Vec<ClaimedAlert>> = BTreeMap::new();
    for one in claimed {
        groups.entry((one.alert.job.clone(), one.alert.kind, one.by_settings)).or_default().push(one);
    }
    for told in join_all(groups.into_values().map(|group| tell(shared, teller, group))).await {
        told?;
    }
    shared.metrics.alerts_pending(shared.store.pending_alerts().await?);
    Ok(some)
}

/// Tells alerts of one job and kind as one: the newest, and how many more there are.
async fn tell(shared: &Shared, teller: &Teller, mut group: Vec<ClaimedAlert>) -> Result<(), StoreError> {
    group.sort_by_key(|one| one.alert.at);
    let Some(newest) = group.last() else { return Ok(()) };
    let (kind, me) = (newest.alert.kind.label(), shared.me.id);
    let all: Vec<AlertId> = group.iter().map(|one| one.alert.id).collect();
    let Some((notify, base)) = receivers(shared, newest).await? else {
        shared.metrics.alert(kind, "unheard");
        let why = "nobody is to be told any more";
        return shared.until_answered(|| shared.store.leave_alerts(me, &all, AlertState::Unheard, Some(why))).await;
    };
    // Somebody has heard of the same just now; and of those that wait to be told as one, none is news by itself.
    let fold = TimeDelta::from_std(notify.fold).unwrap_or_default();
    if let Some(until) = newest.last_told.map(|told| told + fold).filter(|until| *until > newest.now) {
        let pause = (until - newest.now).to_std().unwrap_or_default();
        return shared.until_answered(|| shared.store.alerts_again(me, &all, pause, None, &newest.told)).await;
    }
    let mut told = newest.told.clone();
    let failure = send(shared, teller, newest, (&notify, &base), all.len() - 1, &mut told).await?;
    let Some(failure) = failure else {
        shared.metrics.alert(kind, "delivered");
        (1..all.len()).for_each(|_| shared.metrics.alert(kind, "folded"));
        return shared.until_answered(|| shared.store.alerts_told(me, newest.alert.id, &all)).await;
    };
    let why = shared.masker.text(&failure.message).into_owned();
    let oldest = group.first().map_or(newest.now, |one| one.alert.at);
    if newest.now - oldest > GIVE_UP {
        tracing::error!(job.name = %newest.alert.job, kind, error = %why, "an alert could not be told for days; given up");
        shared.metrics.alert(kind, "given_up");
        return shared.until_answered(|| shared.store.leave_alerts(me, &all, AlertState::GivenUp, Some(&why))).await;
    }
    shared.metrics.alert(kind, "failed");
    let pause = policy().pause(newest.alert.tries.max(1), &failure, rand::random()).unwrap_or(EVERY);
    tracing::warn!(job.name = %newest.alert.job, kind, error = %why, again_s = pause.as_secs_f64(), "an alert could not be told");
    shared.until_answered(|| shared.store.alerts_again(me, &all, pause, Some(&why), &told)).await
}

/// Sends it to all who don't have it yet; the first failure, if there was one.
async fn send(
    shared: &Shared,
    teller: &Teller,
    alert: &ClaimedAlert,
    (notify, base): (&Notify, &std::path::Path),
    others: usize,
    told: &mut Vec<String>,
) -> Result<Option<Failure>, StoreError> {
    let run = match alert.alert.run {
        Some(run) => shared.store.run(run).await?,
        None => None,
    };
    let others = u32::try_from(others).unwrap_or(u32::MAX);
    let message = message(&alert.alert, run.as_ref(), others, shared.settings.public_url.as_deref());
    let mut failure = None;
    for receiver in Receiver::of(notify) {
        if told.iter().any(|known| known == receiver.label()) {
            continue;
        }
        match teller.tell(receiver, notify, &message, base).await {
            Ok(answer) => {
                tracing::info!(job.name = %alert.alert.job, kind = %message.kind, receiver = receiver.label(), answer, "alert told");
                told.push(receiver.label().to_owned());
            }
            Err(failed) => failure = failure.or(Some(failed)),
        }
    }
    Ok(failure)
}

/// Who is to be told, as it is said now, and where a program's path starts: a mistake that was mended in the meantime
/// must not keep an alert from being told. `None`: nobody.
async fn receivers(shared: &Shared, alert: &ClaimedAlert) -> Result<Option<(Notify, PathBuf)>, StoreError> {
    if alert.by_settings {
        return Ok(shared.settings.notify.clone().map(|notify| (notify, PathBuf::new())));
    }
    let job = match shared.store.job(&alert.alert.job).await? {
        Some(job) => Some(job),
        // Its file is gone since.
        None => match &alert.definition {
            Some(hash) => shared.store.definition(hash).await?,
            None => None,
        },
    };
    let notify = job.and_then(|job| Some((job.definition.job.notify?, job.definition.base)));
    let default = || shared.settings.notify.clone().map(|notify| (notify, PathBuf::new()));
    Ok(notify.or_else(default).filter(|(notify, _)| !Receiver::of(notify).is_empty()))
}
