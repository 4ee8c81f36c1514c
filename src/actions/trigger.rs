//! A run in the queue, for whichever daemon is free.

use std::collections::BTreeMap;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::find;
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::hex::hex;
use crate::domain::params;
use crate::domain::run::Run;
use crate::store::{Actor, MadeOnce, NewRun, Once, Store, StoredJob};

/// A run that was asked for.
pub struct Triggered {
    /// The run.
    pub run: Run,
    /// Whether an earlier request with the same key had made it.
    pub before: bool,
}

/// Queues a run of a job. With a key it is made once, however often it is asked for within a day.
pub async fn trigger(
    store: &Store,
    actor: &Actor,
    job: &StoredJob,
    given: BTreeMap<String, String>,
    key: Option<&str>,
) -> Result<Triggered, Failure> {
    let name = &job.definition.job.name;
    let request = hex(&Sha256::digest(json!([name, given]).to_string()));
    let new = NewRun::manual(name, job.hash.clone(), params::complete(&job.definition.job, given)?);
    let (id, before) = match key {
        None => (store.make_run(actor, "trigger", &new).await?, false),
        Some(key) => match store.create_run_once(&new, Once { actor, key, request: &request }).await? {
            MadeOnce::Now(id) => (id, false),
            MadeOnce::Before(id) => (id, true),
            MadeOnce::Other => {
                let message = "this idempotency key was used for another request in the last 24 hours";
                return Err(Failure::permanent(Code::IdempotencyKey, Side::Internal, message)
                    .with_hint("make a new key for each thing that should happen once"));
            }
        },
    };
    Ok(Triggered { run: find::run(store, &id.to_string()).await?, before })
}
