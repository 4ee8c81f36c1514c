//! What somebody does outside the state database, where no commit holds the deed and its entry together.

use serde_json::{Value, json};

use crate::domain::failure::Failure;
use crate::store::{Act, Actor, Store};

/// Enters who does what, does it, and adds what came of it: what `told` says, or the code of the failure. Without the
/// entry nothing is done; one that says nothing of how it ended is of somebody whose process died on the way, or lost
/// the state database.
pub async fn recorded<T>(
    store: &Store,
    actor: &Actor,
    act: &Act<'_>,
    work: impl Future<Output = Result<T, Failure>>,
    told: impl FnOnce(&T) -> Value,
) -> Result<T, Failure> {
    let entry = store.intends(actor, act).await?;
    let done = work.await;
    let said = match &done {
        Ok(done) => told(done),
        Err(failure) => json!({"failure": failure.code.as_str()}),
    };
    if let Err(error) = store.came_of(entry, &said).await {
        tracing::warn!(%error, action = act.action, "what came of an action could not be noted");
    }
    done
}
