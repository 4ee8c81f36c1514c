//! A run's end, asked for.

use super::find;
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::run::Run;
use crate::store::{Actor, Store};

/// Asks for a run's end. One that has not started is cancelled at once, a running one by its daemon.
pub async fn cancel(store: &Store, actor: &Actor, run: &Run) -> Result<Run, Failure> {
    if run.state.is_final() {
        let message = format!("run {} has ended already: {}", run.id, run.state);
        return Err(Failure::permanent(Code::Conflict, Side::Internal, message));
    }
    store.cancel(actor, run.id).await?;
    find::run(store, &run.id.to_string()).await
}
