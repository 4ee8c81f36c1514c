//! Causes that lie in settings: of the session where the job doesn't let it be tuned, and of the server.

use super::Cause;
use crate::domain::step::CtasStep;
use crate::postgres::{PgError, Session, WorkerSlots};

const SETTINGS: &str = "
    select current_setting('max_parallel_workers_per_gather')::int4, current_setting('dynamic_shared_memory_type')";

/// Why a server can't run so many parallel workers at once, if it can't.
pub(super) fn slots(slots: &WorkerSlots, workers: u32) -> Option<Cause> {
    if slots.most() >= workers {
        return None;
    }
    Some(if slots.limit < workers {
        Cause::new(
            format!("max_parallel_workers is {} for this user", slots.limit),
            format!("let the step raise it (tune: true), or alter role … set max_parallel_workers = {workers}"),
        )
    } else {
        let taken = match slots.permanent {
            0 => String::new(),
            taken => format!(", of which the launcher of logical replication takes {taken}"),
        };
        Cause::new(
            format!("max_worker_processes is {}{taken}", slots.processes),
            format!(
                "alter system set max_worker_processes = {} or more, and restart the server",
                workers.saturating_add(slots.permanent)
            ),
        )
    })
}

/// Settings that keep any query of this session from having the minimum.
pub(super) async fn forbidding(step: &CtasStep, session: &Session) -> Result<Vec<Cause>, PgError> {
    let row = session.query_one(SETTINGS, &[], "reading settings").await?;
    let per_gather = u32::try_from(row.get::<_, i32>(0)).unwrap_or(0);
    let mut causes = Vec::new();
    if row.get::<_, &str>(1) == "none" {
        causes.push(Cause::new(
            "the server has no shared memory for parallel work (dynamic_shared_memory_type is none)",
            "alter system set dynamic_shared_memory_type = 'posix', and restart the server",
        ));
    }
    if per_gather < step.workers.minimum {
        causes.push(Cause::new(
            format!("max_parallel_workers_per_gather is {per_gather}, and the job says tune: false"),
            format!(
                "let the step raise it (tune: true), or alter role … set max_parallel_workers_per_gather = {}",
                step.workers.target
            ),
        ));
    }
    Ok(causes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_that_is_too_low_is_named_with_the_value_that_would_do() {
        let server = WorkerSlots { limit: 8, processes: 4, parallel: 3, others: 1, permanent: 1, complete: true };
        assert_eq!(slots(&server, 3), None, "what runs now doesn't matter");
        let cause = slots(&server, 4).unwrap();
        assert!(cause.because.starts_with("max_worker_processes is 4, of which"), "{cause:?}");
        assert!(cause.hint.contains("max_worker_processes = 5"), "{cause:?}");
        let user = WorkerSlots { limit: 2, processes: 8, ..server };
        assert!(slots(&user, 4).unwrap().because.contains("max_parallel_workers is 2"));
    }
}
