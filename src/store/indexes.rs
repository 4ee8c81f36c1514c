//! Indexes over tables that may be large. They are built beside the work: a migration must not read millions of runs while
//! all daemons wait for it.

use std::time::Duration;

use tokio_postgres::Client;

use super::connection::Connection;
use super::error::StoreError;
use super::pool::{Store, database};

/// An index, and what it is on.
struct Index {
    name: &'static str,
    on: &'static str,
}

/// What this version wants of large tables, but for V1's own. Statements name the index that they use; without
/// it they are slow, not wrong.
const WANTED: [Index; 4] = [
    // A long queue costs no more than a short one: only runs that were called or have just come are looked at.
    Index { name: "run_queued", on: "windlass.run (queued_at, id) where state = 'queued'" },
    // A job's runs that haven't ended, by state and in their order: those of a backfill come last.
    Index {
        name: "run_unended",
        on: "windlass.run (job, state, in_order, queued_at, id) where state in ('queued', 'waiting', 'running')",
    },
    // Runs that no schedule made, newest first: among a million others a handful would only be found by reading them all.
    Index {
        name: "run_by_trigger",
        on: "windlass.run (trigger, created_at desc, id desc) where trigger <> 'schedule'",
    },
    // Who started, cancelled or retried a run: its page says so, for as long as it is looked at.
    Index { name: "audit_of_run", on: "windlass.audit (run, id) where run is not null" },
];

/// What those above have made needless.
const NEEDLESS: [&str; 1] = ["run_open"];

/// With that many runs or fewer, building them takes milliseconds, so it is done at once.
const FEW: i64 = 10_000;

/// Guards builders against each other. The number is "windless" in ASCII, next to the migrations'.
const LOCK: i64 = 0x7769_6e64_6c65_7373;

/// An index over a hundred million runs takes some minutes. It waits for every transaction that began before it, too: a
/// dump may take hours.
const LIMIT: Duration = Duration::from_hours(12);

const DOING: &str = "building indexes";

/// Names of indexes of ours that may be used.
const VALID: &str = "select relname::text from pg_index join pg_class on pg_class.oid = indexrelid \
                     where relnamespace = 'windlass'::regnamespace and indisvalid";

/// What is to be done.
struct Left {
    build: Vec<&'static Index>,
    remove: Vec<&'static str>,
}

impl Left {
    async fn of(client: &Client) -> Result<Self, StoreError> {
        let rows = client.query(VALID, &[]).await.map_err(database(DOING))?;
        let valid: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let is_there = |name: &str| valid.iter().any(|one| one == name);
        Ok(Self {
            build: WANTED.iter().filter(|index| !is_there(index.name)).collect(),
            remove: NEEDLESS.into_iter().filter(|name| is_there(name)).collect(),
        })
    }

    /// Does it. What was left half built, by a server that ended meanwhile, is built anew.
    async fn done(&self, client: &Client, how: &str) -> Result<usize, StoreError> {
        let mut statements = Vec::new();
        for Index { name, on } in &self.build {
            statements.push(format!("drop index {how} if exists windlass.{name}"));
            statements.push(format!("create index {how} {name} on {on}"));
        }
        statements.extend(self.remove.iter().map(|name| format!("drop index {how} if exists windlass.{name}")));
        // One by one: a text of several is a transaction, in which nothing can be built beside the work.
        for statement in statements {
            client.batch_execute(&statement).await.map_err(database(DOING))?;
        }
        Ok(self.build.len())
    }
}

/// Builds what is missing where that takes no time. Migrations' guard is held.
pub(super) async fn build_if_few(client: &Client) -> Result<(), StoreError> {
    let left = Left::of(client).await?;
    if left.build.is_empty() && left.remove.is_empty() {
        return Ok(());
    }
    let few = "select not exists (select from windlass.run offset $1)";
    if client.query_one(few, &[&FEW]).await.map_err(database(DOING))?.get(0) {
        left.done(client, "").await?;
    }
    Ok(())
}

impl Store {
    /// Builds the indexes that are missing while others read and write. Returns how many those were; `None` if another
    /// daemon is at it.
    pub async fn build_indexes(&self) -> Result<Option<usize>, StoreError> {
        self.call_within(DOING, LIMIT, async |connection: &mut Connection| {
            let client: &Client = &connection.0;
            let left = Left::of(client).await?;
            if left.build.is_empty() && left.remove.is_empty() {
                return Ok(Some(0));
            }
            // Whoever waited for the guard would be one of the transactions that the build waits for.
            let guard = client.query_one("select pg_try_advisory_lock($1)", &[&LOCK]).await.map_err(database(DOING))?;
            if !guard.get::<_, bool>(0) {
                return Ok(None);
            }
            let set = async |text: &str| client.batch_execute(text).await.map_err(database(DOING));
            let begun = set("set statement_timeout = 0; set lock_timeout = 0").await;
            let built = match begun {
                Ok(()) => Left::of(client).await?.done(client, "concurrently").await,
                Err(error) => Err(error),
            };
            set(&format!("reset statement_timeout; reset lock_timeout; select pg_advisory_unlock({LOCK})")).await?;
            built.map(Some)
        })
        .await
    }
}
