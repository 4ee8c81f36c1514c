//! What a lock costs, and whether a long queue is served in order: grants and releases a second, alone and with many waiters.
//!
//! `cargo bench --bench locks -- STATE_URL [WAITERS] [DAEMONS]`
//!
//! It works on the state database as daemons do, without their steps: a run is made, claimed with its lock, and ended.
//! The database must be empty; the schema is made. `scripts/bench-locks` starts a server for it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use windlass::domain::ids::{DaemonId, RunId};
use windlass::domain::job::{Job, Overlap, Step};
use windlass::domain::retry::RetryPolicy;
use windlass::domain::state::RunState;
use windlass::domain::step::{SqlStep, StepKind};
use windlass::postgres::Server;
use windlass::store::{Capacities, Definition, Identity, Line, NewRun, Scope, Store, Waiters, Write};
use windlass::telemetry::Metrics;

/// Runs of which each has a lock of its own.
const APART: u32 = 1000;

fn main() {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    runtime.block_on(async {
        tasks.spawn(measure(arguments));
        tasks.join_all().await
    });
}

#[expect(clippy::print_stdout, reason = "a program for people")]
async fn measure(arguments: Vec<String>) {
    let [url, rest @ ..] = arguments.as_slice() else {
        println!("locks: needs STATE_URL [WAITERS] [DAEMONS]; nothing measured");
        return;
    };
    let number = |place: usize, default: u32| {
        rest.get(place).map_or(default, |text| text.parse().expect("WAITERS and DAEMONS are numbers"))
    };
    let (waiters, daemons) = (number(0, 1000), number(1, 2));
    let store = Store::new(Server::from_url(url, None).unwrap(), Metrics::new("bench")).unwrap();
    store.migrate().await.unwrap();
    println!("| what | runs | daemons | grants a second | p50 | p99 | longest |");
    println!("|---|---|---|---|---|---|---|");
    for (what, job, runs, daemons) in [
        ("no lock", job("none", None), APART, 1),
        ("a lock for each run", job("apart", Some("apart/{{ run.id }}")), APART, 1),
        ("one lock, 10 waiters", job("few", Some("few")), 10, daemons),
        ("one lock, many waiters", job("many", Some("many")), waiters, daemons),
    ] {
        let made = make(&store, job, runs).await;
        let started = Instant::now();
        let (order, mut pauses) = drain(&store, daemons, runs).await;
        let rate = f64::from(runs) / started.elapsed().as_secs_f64();
        assert_eq!(order, made, "{what}: not in the order in which they came");
        pauses.sort_unstable();
        let at = |share: usize| pauses[(pauses.len() - 1) * share / 100];
        println!("| {what} | {runs} | {daemons} | {rate:.0} | {:.1?} | {:.1?} | {:.1?} |", at(50), at(99), at(100));
    }
}

fn job(name: &str, lock: Option<&str>) -> Job {
    let kind = StepKind::Sql(SqlStep { connection: "db".to_owned(), statement: "select 1".into(), expect_rows: None });
    let step = Step { id: "s".to_owned(), timeout: None, retry: RetryPolicy::default(), locks: Vec::new(), kind };
    Job {
        name: name.to_owned(),
        description: None,
        schedule: None,
        overlap: Overlap::Queue,
        params: Vec::new(),
        locks: lock.into_iter().map(Into::into).collect(),
        timeout: None,
        deadline: None,
        notify: None,
        steps: vec![step],
    }
}

/// Makes runs of a job, one after the other.
async fn make(store: &Store, job: Job, runs: u32) -> Vec<RunId> {
    let name = job.name.clone();
    let definition = Definition { job, source: String::new(), base: "/".into() };
    let hash = store.save_job(&definition).await.unwrap();
    let mut made = Vec::new();
    for _ in 0..runs {
        made.push(store.create_run(&NewRun::manual(&name, &hash, BTreeMap::new())).await.unwrap());
    }
    made
}

/// Claims and ends all runs, with so many daemons at once. Returns the order of the grants, and the time between two.
async fn drain(store: &Store, daemons: u32, runs: u32) -> (Vec<RunId>, Vec<Duration>) {
    let (sender, mut granted) = tokio::sync::mpsc::unbounded_channel();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..daemons {
        let (store, sender) = (store.clone(), sender.clone());
        tasks.spawn(async move {
            let id = DaemonId(uuid::Uuid::now_v7());
            let identity = Identity { id, host: "bench".into(), pid: 1, process_started: 1, version: "bench".into() };
            store.register(&identity, Duration::from_hours(1)).await.unwrap();
            let (mut line, capacities) = (Line::default(), Capacities::default());
            while !sender.is_closed() {
                match store.claim(id, Scope::All, &capacities, 1, &mut line).await {
                    Ok(claims) => {
                        for claimed in &claims.runs {
                            sender.send(claimed.id).ok();
                            let end =
                                [Write::EndRun { state: RunState::Succeeded, failure: None, waiters: Waiters::Any }];
                            store.record(id, claimed.id, &end).await.unwrap();
                        }
                        if claims.runs.is_empty() && claims.line_is_empty {
                            // Another daemon has the lock; a real one would be woken by its end.
                            tokio::time::sleep(Duration::from_millis(1)).await;
                        }
                    }
                    Err(error) => assert!(error.is_unavailable(), "{error}"),
                }
            }
            store.leave(id).await.unwrap();
        });
    }
    drop(sender);
    let (mut order, mut pauses, mut last) = (Vec::new(), Vec::new(), Instant::now());
    for _ in 0..runs {
        order.push(granted.recv().await.unwrap());
        pauses.push(std::mem::replace(&mut last, Instant::now()).elapsed());
    }
    drop(granted);
    tasks.join_all().await;
    (order, pauses)
}
