//! Queries that take their time in parallel, and sessions that hold a known number of workers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use windlass::domain::failure::Failure;
use windlass::domain::observation::{CtasAttemptOutcome, Observation};
use windlass::domain::outcome::Outcome;
use windlass::domain::step::{CtasMode, CtasStep, Measure, StepKind, WorkerGuarantee};
use windlass::postgres::{Server, Session};
use windlass::steps::{Connection, StepContext};

use crate::support::host::{MemoryHost, attempt};
use crate::support::{PrivateServer, TestDatabase, eventually};

/// Makes PostgreSQL plan in parallel, whatever it costs, and a table of one row a page: scanning processes take page
/// by page, so none runs out of work before the others.
const PREPARE: &str = "
    do $$ begin
      execute format('alter database %I set parallel_setup_cost = 0', current_database());
      execute format('alter database %I set parallel_tuple_cost = 0', current_database());
      execute format('alter database %I set seq_page_cost = 0', current_database());
      execute format('alter database %I set min_parallel_table_scan_size = 0', current_database());
      -- Else every look into the catalogue would take workers. Who wants some says so.
      execute format('alter database %I set max_parallel_workers_per_gather = 0', current_database());
    end $$;
    create table pages (id int, pad text);
    alter table pages alter pad set storage plain;
    alter table pages set (parallel_workers = 4, autovacuum_enabled = off);
    insert into pages select g, repeat('x', 7000) from generate_series(1, 64) g;
    analyze pages;";

/// A query of 64 rows that sleeps a while for each of them, in whatever process reads it.
pub(super) fn slow(seconds_a_row: f64) -> String {
    format!("select id from pages where pg_sleep({seconds_a_row})::text is not null")
}

/// Settings of a server that has four worker slots and nobody to share them with.
pub(super) const FOUR_SLOTS: &[&str] = &["max_worker_processes=8", "max_parallel_workers=4"];

/// A server with four worker slots, prepared for the queries.
pub(super) async fn four_slots() -> (PrivateServer, Server) {
    let server = PrivateServer::start(FOUR_SLOTS, false).await;
    let database = server.server("postgres");
    prepare(&database).await;
    (server, database)
}

/// The same database as a user who can't see the sessions of others, so that slots can't be waited for.
pub(super) async fn blind(database: &Server) -> Server {
    execute(
        database,
        "create role blind login; grant create on schema public to blind; grant select on pages to blind",
    )
    .await;
    user(database, "blind")
}

/// The same database as another user.
pub(super) fn user(database: &Server, name: &str) -> Server {
    let mut config = database.config().clone();
    config.user(name);
    Server::from_config(config)
}

/// Runs statements.
pub(super) async fn execute(server: &Server, statements: &str) {
    let session = server.connect("test-admin").await.unwrap();
    session.client().batch_execute(statements).await.unwrap();
    session.close().await;
}

/// Prepares a database for the queries.
pub(super) async fn prepare(server: &Server) {
    execute(server, PREPARE).await;
}

/// A session that holds that many workers until it is dropped.
pub(super) async fn hold(server: &Server, workers: u32) -> Session {
    let holder = server.connect("test-holder").await.unwrap();
    let settings = format!("set max_parallel_workers_per_gather = {workers}");
    holder.client().batch_execute(&settings).await.unwrap();
    let observer = server.connect("test-observer").await.unwrap();
    // The request is sent here; its rows are not waited for.
    drop(holder.client().simple_query_raw(&slow(600.0)).await.unwrap());
    eventually("the workers are held", async || count(&observer, holder.pid()).await == i64::from(workers)).await;
    observer.close().await;
    holder
}

async fn count(observer: &Session, leader: i32) -> i64 {
    let sql = "select count(*) from pg_stat_activity where leader_pid = $1";
    observer.query_one(sql, &[&leader], "counting").await.unwrap().get(0)
}

/// A step with looks so early that a test doesn't wait for them.
pub(super) fn step(table: &str, query: &str, target: u32, minimum: u32, attempts: u32) -> CtasStep {
    CtasStep {
        connection: "db".into(),
        table: table.into(),
        query: query.into(),
        workers: WorkerGuarantee {
            target,
            minimum,
            attempts,
            retry_delay: Duration::from_millis(100),
            first_look: Duration::from_millis(150),
            look_every: Duration::from_millis(100),
            slot_wait: Duration::ZERO,
        },
        tune: true,
        allow_table_setting: false,
        measure: Measure::Exact,
        mode: CtasMode::Replace,
        indexes: Vec::new(),
        unlogged: false,
        tablespace: None,
        with: Vec::new(),
    }
}

/// An attempt of a step on that server.
pub(super) fn on(server: &Server) -> (StepContext, Arc<MemoryHost>) {
    let connections = BTreeMap::from([("db".to_owned(), Connection::Postgres(server.clone()))]);
    attempt(&std::env::temp_dir(), connections)
}

/// Runs the step.
pub(super) async fn run(step: &CtasStep, context: &StepContext) -> Result<Outcome, Failure> {
    Box::pin(windlass::steps::run(&StepKind::ParallelCtas(step.clone()), context)).await
}

/// Workers launched and outcome of every attempt that was counted.
pub(super) fn attempts(host: &MemoryHost) -> Vec<(u32, CtasAttemptOutcome)> {
    let observations = host.observations.lock().unwrap();
    let attempt = |observation: &Observation| match observation {
        Observation::CtasAttempt { achieved, outcome, .. } => Some((*achieved, *outcome)),
        _ => None,
    };
    observations.iter().filter_map(attempt).collect()
}

/// Waits for slots that were counted.
pub(super) fn slot_waits(host: &MemoryHost) -> Vec<Duration> {
    let observations = host.observations.lock().unwrap();
    let waited = |observation: &Observation| match observation {
        Observation::CtasSlotWait(waited) => Some(*waited),
        _ => None,
    };
    observations.iter().filter_map(waited).collect()
}

/// Checks that no hidden table is left in a test's database; its end checks sessions.
pub(super) async fn nothing_left_in(database: &TestDatabase) {
    assert_eq!(database.value(HIDDEN).await, "");
}

/// Names of hidden tables.
const HIDDEN: &str = "select coalesce(string_agg(relname, ', '), '') from pg_class where relname like 'windlass\\_%'";

/// Checks that neither a session of Windlass nor a hidden table is left on the server.
pub(super) async fn nothing_left(server: &Server) {
    let session = server.connect("test-observer").await.unwrap();
    eventually("no session is left", async || {
        let sql = "select count(*) from pg_stat_activity where application_name like 'windlass/%'";
        session.query_one(sql, &[], "counting").await.unwrap().get::<_, i64>(0) == 0
    })
    .await;
    session.close().await;
    assert_eq!(value(server, HIDDEN).await, "");
}

/// One value of one row, as text.
pub(super) async fn value(server: &Server, query: &str) -> String {
    let session = server.connect("test-observer").await.unwrap();
    let row = session.query_one(&format!("select ({query})::text"), &[], "looking").await.unwrap();
    session.close().await;
    row.get::<_, Option<String>>(0).unwrap_or_else(|| "null".to_owned())
}
