//! A run that is made once, however often it is asked for: the same key gives the same run.

use super::audit::{Act, Actor, note};
use super::error::StoreError;
use super::pool::{Store, database};
use super::run::{NewRun, insert};
use super::wake::Wake;
use crate::domain::ids::RunId;

/// A request that must happen once.
#[derive(Clone, Copy, Debug)]
pub struct Once<'a> {
    /// Who asks: each has keys of its own.
    pub actor: &'a Actor,
    /// The key.
    pub key: &'a str,
    /// What is asked for, as a digest.
    pub request: &'a str,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeOnce {
    /// The run was made.
    Now(RunId),
    /// It had been made before.
    Before(RunId),
    /// The key was used before for something else.
    Other,
}

impl Store {
    /// Makes a run, unless one was made with that key in the last 24 hours. Key, run and
    /// the entry of who asked for it are one commit.
    pub async fn create_run_once(&self, run: &NewRun, once: Once<'_>) -> Result<MadeOnce, StoreError> {
        const DOING: &str = "making a run once";
        self.transaction(DOING, async |transaction| {
            transaction.execute(include_str!("sql/once_forget.sql"), &[]).await.map_err(database(DOING))?;
            let Once { actor, key, request } = once;
            let entered = transaction
                .execute(include_str!("sql/once_enter.sql"), &[&actor.name, &key, &request, &run.id.0])
                .await
                .map_err(database(DOING))?;
            if entered == 0 {
                let row = transaction
                    .query_one(include_str!("sql/once_read.sql"), &[&actor.name, &key])
                    .await
                    .map_err(database(DOING))?;
                let same = row.get::<_, &str>("request") == request;
                return Ok(if same { MadeOnce::Before(RunId(row.get("run"))) } else { MadeOnce::Other });
            }
            let made = insert(transaction, run, DOING).await?;
            let act = Act { action: "trigger", job: Some(&run.job), run: Some(made), ..Act::default() };
            note(transaction, actor, &act).await?;
            Wake::Work.notify(transaction).await.map_err(database(DOING))?;
            Ok(MadeOnce::Now(made))
        })
        .await
    }
}
