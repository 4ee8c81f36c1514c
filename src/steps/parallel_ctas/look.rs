//! Looking at a running query from another session.

use std::time::{Duration, Instant};

use crate::domain::step::WorkerGuarantee;
use crate::postgres::{PgError, Session, WorkerSlots};
use crate::steps::StepContext;

use super::verdict::{Look, Verdict, Watch};

/// How long one look may take before looking counts as failed; the query goes on.
const PATIENCE: Duration = Duration::from_secs(10);

/// State, wait and workers of the session $1. No row: it has ended.
const LOOK: &str = "
    select leader.state, leader.wait_event_type,
           (select count(*) from pg_stat_activity worker
             where worker.leader_pid = leader.pid and worker.backend_type = 'parallel worker')
    from pg_stat_activity leader where leader.pid = $1";

/// What watching came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watched {
    /// It has the workers that are wanted.
    Enough,
    /// It runs on without having been seen with enough, and is judged when it ends.
    GoOn,
    /// It is short of workers.
    Short,
}

/// Looks until the verdict is clear. Never returns an error: when looking fails the query goes on.
pub(super) async fn watch(
    watch: &mut Watch,
    pid: i32,
    guarantee: &WorkerGuarantee,
    monitor: &Session,
    context: &StepContext,
) -> Watched {
    let sent = Instant::now();
    let mut pause = guarantee.first_look;
    loop {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(guarantee.look_every).max(Duration::from_millis(1));
        let seen = match tokio::time::timeout(PATIENCE, look(pid, sent, monitor)).await {
            Ok(Ok(seen)) => seen,
            Ok(Err(error)) => return blind(&error.to_string(), context),
            Err(_) => return blind("the server did not answer in time", context),
        };
        let seen = match seen {
            Seen::Look(seen) => seen,
            Seen::Hidden => return blind("another user's sessions can't be seen: grant pg_read_all_stats", context),
            // The answer is on its way to the session that runs it.
            Seen::Ended => return Watched::GoOn,
        };
        let verdict = watch.after(seen);
        context.debug(format!("look after {:.3} s: {} workers, {verdict:?}", seen.at.as_secs_f64(), seen.workers));
        match verdict {
            Verdict::LookAgain => {}
            Verdict::GoOn if watch.has_enough() => return Watched::Enough,
            Verdict::GoOn => return Watched::GoOn,
            Verdict::Short => return Watched::Short,
        }
    }
}

fn blind(why: &str, context: &StepContext) -> Watched {
    context.warn(format!("can't look at the running query, it goes on and is judged when it ends: {why}"));
    Watched::GoOn
}

enum Seen {
    Look(Look),
    Hidden,
    Ended,
}

async fn look(pid: i32, sent: Instant, monitor: &Session) -> Result<Seen, PgError> {
    let Some(row) = monitor.query_opt(LOOK, &[&pid], "looking at the running query").await? else {
        return Ok(Seen::Ended);
    };
    let state: Option<String> = row.get(0);
    match state.as_deref() {
        None => return Ok(Seen::Hidden),
        Some("active") => {}
        Some(_) => return Ok(Seen::Ended),
    }
    let workers = u32::try_from(row.get::<_, i64>(2)).unwrap_or(0);
    let free = if workers == 0 { Some(WorkerSlots::count(monitor).await?) } else { None };
    let free = free.filter(|slots| slots.complete).map(|slots| slots.free());
    let waits_for_lock = row.get::<_, Option<&str>>(1) == Some("Lock");
    Ok(Seen::Look(Look { at: sent.elapsed(), workers, waits_for_lock, free }))
}
