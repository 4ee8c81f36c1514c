//! A daemon with jobs of every kind that has metrics, and a Prometheus with the rules of `deploy/` that looks at it.

use std::net::SocketAddr;
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{text, write_settings};
use crate::cli::folder::{Folder, Running};
use crate::support::prometheus::{Prometheus, free_address};
use crate::support::{PrivateServer, eventually};

/// The statement of a job that goes on as long as a table has a row.
const WHILE_CLOSED: &str = "do $$ begin while exists (select from gate) loop perform pg_sleep(0.02); end loop; end $$";

/// Makes a query parallel, whatever it costs.
const TABLES: &str = "create table thing (n int); create table gate (n int);
    create table source (n int); insert into source select generate_series(1, 1000);
    create schema staging; create schema mart";

/// A table whose query is planned with four workers.
const PAGES: &str = "create table pages (id int, pad text);
    alter table pages alter pad set storage plain;
    alter table pages set (parallel_workers = 4, autovacuum_enabled = off);
    insert into pages select g, repeat('x', 7000) from generate_series(1, 64) g;
    analyze pages";

/// All of it.
pub(super) struct World {
    pub(super) folder: Folder,
    /// Has the state, and one free worker slot.
    pub(super) server: PrivateServer,
    pub(super) prometheus: Prometheus,
    /// Hears of failures of `flaky`.
    receiver: MockServer,
    address: SocketAddr,
}

impl World {
    /// Everything but the daemon; `None`, with the reason printed, where there is no Prometheus.
    pub(super) async fn new() -> Option<Self> {
        let address = free_address();
        let prometheus = Prometheus::start(&config(address), &[("windlass.rules.yml", &quick_rules())])?;
        // One slot of the two is the launcher's of logical replication.
        let server = PrivateServer::start(&["max_worker_processes=2"], false).await;
        let folder = Folder::new().await;
        folder.database.execute(TABLES).await;
        server.server("postgres").connect("test-admin").await.unwrap().client().batch_execute(PAGES).await.unwrap();
        let world = Self { folder, server, prometheus, receiver: MockServer::start().await, address };
        world.hears_alerts(false).await;
        world.write_settings();
        world.write_jobs();
        Some(world)
    }

    fn write_settings(&self) {
        let (state, pg) = (self.server.embedded().url("postgres"), self.folder.database.url());
        write_settings(&self.folder, &state, &self.address.to_string(), &[("pg", pg), ("tight", &state)]);
        let settings = std::fs::read_to_string(self.folder.path("windlass.yaml")).unwrap();
        self.folder.write("windlass.yaml", &format!("{settings}  market: {{duckdb: {{path: market.db}}}}\n"));
    }

    /// Whether alerts of jobs are taken from now on; if not, they are to be told again in a second.
    pub(super) async fn hears_alerts(&self, hears: bool) {
        let busy = ResponseTemplate::new(503).insert_header("Retry-After", "1");
        self.receiver.reset().await;
        let answer = if hears { ResponseTemplate::new(200) } else { busy };
        Mock::given(method("POST")).respond_with(answer).mount(&self.receiver).await;
    }

    fn write_jobs(&self) {
        for name in ["holder", "waiter"] {
            let job = format!(
                "job: {name}\nlocks: [gate/x]\nsteps:\n  - id: a\n    sql: {{connection: pg, statement: \"{WHILE_CLOSED}\"}}\n"
            );
            self.folder.write(&format!("jobs/{name}.yaml"), &job);
        }
        let notify = format!("notify: {{on: [failed], webhook: \"{}\"}}\n", self.receiver.uri());
        let deadline = (DateTime::<Utc>::from(SystemTime::now()) - TimeDelta::minutes(10)).format("%H:%M");
        let report = format!("schedule: {{cron: \"0 * * * *\"}}\ndeadline: \"{deadline}\"\n");
        let waits = format!("sql: {{connection: pg, statement: \"{WHILE_CLOSED}\"}}");
        for (name, head, step) in [
            ("flaky", notify.as_str(), "sql: {connection: pg, statement: select from thing}"),
            ("steady", "schedule: {every: 1s, overlap: skip}\n", &waits),
            // None of its due times is left out, however late it is noticed.
            ("patient", "schedule: {every: 1s, missed: all}\n", "sql: {connection: pg, statement: select 1}"),
            ("report", &report, "sql: {connection: pg, statement: select 1}"),
            ("tick", "schedule: {every: 1s, missed: skip}\n", "sql: {connection: pg, statement: select 1}"),
            (
                "copy",
                "",
                "copy_to_staging: {from: {connection: pg, table: source}, to: {connection: pg, table: staging.target}}",
            ),
            (
                "totals",
                "",
                "parallel_ctas: {connection: tight, table: totals, workers: {target: 2, minimum: 1, attempts: 1, \
                 slot_wait: 0s}, query: \"select id from pages where pg_sleep(0.002)::text is not null\"}",
            ),
            (
                "replica",
                "",
                "sql: {connection: market, statement: create table if not exists t as select 1 as n}\n  - id: b\n    \
                 publish_replica: {from: {connection: market}, to: replica.db, max_age: 1h}",
            ),
        ] {
            self.folder
                .write(&format!("jobs/{name}.yaml"), &format!("job: {name}\n{head}steps:\n  - id: a\n    {step}\n"));
        }
    }

    /// Starts the daemon.
    pub(super) async fn serve(&self, log: &str) -> Running {
        let serve = self.folder.start_as(log, &["serve"]);
        serve.says("ready").await;
        serve
    }

    /// Queues a run and returns its id.
    pub(super) fn trigger(&self, job: &str) -> String {
        self.folder.call(&["trigger", job, "--json"]).ends(0).json()["id"].as_str().unwrap().to_owned()
    }

    /// Waits until a run has come to this state.
    pub(super) async fn comes_to(&self, run: &str, state: &str) {
        let now = || self.folder.call(&["show", run, "--json"]).ends(0).json()["state"].as_str().unwrap().to_owned();
        eventually(&format!("run {run} is {state}"), async || now() == state).await;
    }

    /// Runs a job to its end.
    pub(super) async fn run(&self, job: &str, end: &str) {
        let run = self.trigger(job);
        self.comes_to(&run, end).await;
    }

    /// Waits until a query has a result.
    pub(super) async fn sees(&self, query: &str) {
        eventually(query, async || self.prometheus.value(query).await.is_some()).await;
    }

    /// Waits until a query has none.
    pub(super) async fn sees_no(&self, query: &str) {
        let none = async || {
            let answer = self.prometheus.answer(query).await;
            answer.is_some_and(|answer| answer.pointer("/data/result/0").is_none() && answer["status"] == "success")
        };
        eventually(&format!("no more {query}"), none).await;
    }

    /// While no daemon is up: three hours pass in which `report` was due, and should have been done.
    pub(super) async fn lets_a_deadline_pass(&self) {
        let passed = "update windlass.job set planned_through = now() - interval '3 hours', next_due = null, \
                      deadline_from = now() - interval '3 hours' where name = 'report'";
        let session = self.server.server("postgres").connect("test-admin").await.unwrap();
        assert_eq!(session.client().execute(passed, &[]).await.unwrap(), 1);
    }

    pub(super) async fn close(self) {
        self.folder.close().await;
    }
}

/// The configuration of `deploy/`, for this daemon and in a hurry.
fn config(address: SocketAddr) -> String {
    let config = text("deploy/prometheus/prometheus.yml");
    assert!(config.contains("127.0.0.1:8321") && config.contains("interval: 15s"));
    config.replace("127.0.0.1:8321", &address.to_string()).replace("interval: 15s", "interval: 200ms")
}

/// Limits of the rules, in seconds, and what they are in a hurry.
const LIMITS: [(&str, &str); 3] = [
    ("26 * 3600", "5"),
    ("2 * 3600", "1"),
    ("windlass_fire_lag_seconds:p99_15m > 10", "windlass_fire_lag_seconds:p99_15m > 1"),
];

/// The rules of `deploy/` with every window of ten seconds, every patience of one, and limits of some.
pub(super) fn quick_rules() -> String {
    let mut quick = String::new();
    let mut rules = text("deploy/prometheus/windlass.rules.yml");
    for (limit, hurried) in LIMITS {
        assert!(rules.contains(limit), "{limit}");
        rules = rules.replace(limit, hurried);
    }
    for line in rules.lines() {
        if let Some((indent, _)) = line.split_once("for: ").filter(|(indent, _)| indent.trim().is_empty()) {
            quick.extend([indent, "for: 1s\n"]);
            continue;
        }
        let mut rest = line;
        while let Some((at, open)) = [" offset ", "["].iter().filter_map(|open| Some((rest.find(open)?, *open))).min() {
            let (before, after) = rest.split_at(at + open.len());
            let length = after.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(after.len());
            quick += before;
            quick += if after.starts_with(|first: char| first.is_ascii_digit()) { "10s" } else { &after[..length] };
            rest = &after[length..];
        }
        match rest.split_once("windlass_start_timestamp_seconds < ") {
            Some((before, _)) => quick.extend([before, "windlass_start_timestamp_seconds < 10"]),
            None => quick += rest,
        }
        quick.push('\n');
    }
    quick
}
