//! Runs that are a daemon's without its knowing: the answer to a claim was lost on its way, or came too late to be waited
//! for. Nobody else may touch them while their owner lives, so it looks for them itself.

use tokio_postgres::types::Json;
use uuid::Uuid;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, FailureClass, Side};
use crate::domain::ids::{DaemonId, RunId};
use crate::store::error::StoreError;
use crate::store::pool::{Store, database};

impl Store {
    /// Gives back all runs of a daemon but those that it knows. It must not be claiming meanwhile. The attempts that
    /// began with the claim were never made, and cost nothing.
    pub async fn give_back_strays(&self, me: DaemonId, known: &[RunId]) -> Result<Vec<RunId>, StoreError> {
        const DOING: &str = "looking for runs whose claim was not answered";
        let known: Vec<Uuid> = known.iter().map(|run| run.0).collect();
        let message = "the answer to the run's claim was lost";
        let failure = Json(Failure::new(Code::Drained, FailureClass::Cancelled, Side::Internal, message));
        self.call(DOING, async |connection| {
            let rows = connection
                .query(include_str!("../sql/run_disown.sql"), &[&me.0, &known, &failure])
                .await
                .map_err(database(DOING))?;
            Ok(rows.iter().map(|row| RunId(row.get("id"))).collect())
        })
        .await
    }
}
