//! The statement: how it is written, and what PostgreSQL plans for it.

use serde_json::Value;

use crate::domain::failure::{Failure, Side};
use crate::domain::step::WorkerGuarantee;
use crate::postgres::{PgError, Place, Session};
use crate::steps::StepContext;

use super::diagnosis;
use super::plan::Plan;

/// Server's limit for `max_parallel_workers_per_gather`.
const MOST_WORKERS: u32 = 1024;

/// What is made and with how many workers.
pub(super) struct CtasQuery<'a> {
    /// The query, rendered.
    pub(super) text: &'a str,
    /// Where the table will stand.
    pub(super) place: &'a Place,
    /// Whether it is made UNLOGGED.
    pub(super) unlogged: bool,
    /// How many workers, and how hard to try.
    pub(super) guarantee: &'a WorkerGuarantee,
}

impl CtasQuery<'_> {
    /// Sets in the session what the plan and the run depend on.
    pub(super) async fn prepare(&self, session: &Session) -> Result<(), PgError> {
        let workers = self.guarantee.target.min(MOST_WORKERS);
        let set = format!("set max_parallel_workers_per_gather = {workers}");
        session.execute(&set, "setting the number of workers").await.map(drop)
    }

    /// Runs the statement and returns its plan with what happened. It commits by itself: the hidden table exists then.
    pub(super) async fn create(&self, session: &Session, hidden: &str) -> Result<Value, PgError> {
        let sql = format!("explain (analyze, timing off, format json) {}", self.statement(hidden));
        let doing = format!("making the table {}", self.place.full());
        Ok(session.query_one(&sql, &[], doing).await?.get(0))
    }

    /// The plan, without running anything.
    pub(super) async fn explain(&self, session: &Session, hidden: &str) -> Result<Value, PgError> {
        let sql = format!("explain (verbose, format json) {}", self.statement(hidden));
        Ok(session.query_one(&sql, &[], "planning the query").await?.get(0))
    }

    /// How many workers PostgreSQL plans; a failure that says why if they are fewer than the minimum.
    pub(super) async fn check_plan(&self, session: &Session, context: &StepContext) -> Result<u32, Failure> {
        let hidden = context.hidden_name(0);
        let asked = async {
            self.prepare(session).await?;
            self.explain(session, &hidden).await
        };
        let answer = session.run_until(&context.stop, Side::Target, asked).await?;
        let plan = Plan::read(&answer)?;
        let planned = plan.costliest().map_or(0, |gather| gather.planned);
        if planned < self.guarantee.minimum {
            return Err(diagnosis::too_few(self, &plan, planned, session, context).await);
        }
        if planned < self.guarantee.target {
            context.warn(format!(
                "PostgreSQL plans {planned} workers where {} are wanted; it goes on, because {} are enough",
                self.guarantee.target, self.guarantee.minimum
            ));
        }
        Ok(planned)
    }

    fn statement(&self, hidden: &str) -> String {
        let unlogged = if self.unlogged { "unlogged " } else { "" };
        // On a line of its own: the query may end in a comment, but nothing follows it, and it may begin with one.
        format!("create {unlogged}table {} as\n{}", self.place.beside(hidden), self.text)
    }
}
