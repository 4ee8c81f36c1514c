//! What firing on time costs: Windlass' planner on a real state database, and `tokio-cron-scheduler`, with the same due
//! times.
//!
//! `cargo bench --bench schedule -- ours STATE_URL [JOBS] [TOGETHER] [SECONDS]`
//! `cargo bench --bench schedule -- theirs [JOBS] [TOGETHER] [SECONDS] [CHANNEL]`
//!
//! JOBS jobs, of which TOGETHER are due in the same second and the others are spread over SECONDS. First it is measured
//! what the process costs while none is due, then how late each firing is: ours when its row is committed (the server needs
//! `track_commit_timestamp`), theirs when its closure is called. `scripts/bench-schedule` calls both.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use tokio_cron_scheduler::{Job as TheirJob, JobScheduler};
use windlass::domain::job::{Job, Overlap};
use windlass::domain::schedule::{Gap, Missed, Repeat, Schedule, When};
use windlass::engine::{Daemon, EngineSettings};
use windlass::postgres::Server;
use windlass::steps::Environment;
use windlass::store::{Capacities, Definition, Scope, Store};
use windlass::telemetry::{Masker, Metrics};

/// How long the idle process is watched: more than one look at all jobs.
const IDLE: Duration = Duration::from_secs(70);

fn main() {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let number = |index: usize, default: usize| {
        arguments.get(index).map_or(default, |text| text.parse().expect("the numbers are numbers"))
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match arguments.first().map(String::as_str) {
        Some("ours") if arguments.len() > 1 => {
            let plan = Plan { jobs: number(2, 10_000), together: number(3, 1000), seconds: number(4, 60) };
            runtime.block_on(Box::pin(ours(&arguments[1], &plan)));
        }
        Some("theirs") => {
            let plan = Plan { jobs: number(1, 10_000), together: number(2, 1000), seconds: number(3, 60) };
            runtime.block_on(theirs(&plan, number(4, 2 * plan.jobs)));
        }
        _ => say("schedule: needs `ours STATE_URL` or `theirs`; nothing measured"),
    }
}

/// How many jobs, and when they are due.
struct Plan {
    jobs: usize,
    together: usize,
    seconds: usize,
}

impl Plan {
    /// When each job is due: the spread ones from `start` on, the others together after them.
    fn due(&self, start: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let spread = self.jobs - self.together;
        let second = |number: usize| start + TimeDelta::seconds(i64::try_from(number).unwrap());
        let at = |job: usize| if job < spread { second(job * self.seconds / spread) } else { second(self.seconds + 5) };
        (0..self.jobs).map(at).collect()
    }
}

/// The moment once in a year, as both read it.
fn cron(due: DateTime<Utc>) -> String {
    due.format("%-S %-M %-H %-d %-m *").to_string()
}

fn job(number: usize, cron: String) -> Definition {
    let schedule = Schedule {
        when: When::Cron(cron),
        zone: chrono_tz::Tz::Asia__Seoul,
        missed: Missed::All,
        missed_window: Duration::from_hours(24),
        gap: Gap::Shift,
        repeat: Repeat::First,
    };
    let job = Job {
        name: format!("job-{number:05}"),
        description: Some("a job of the benchmark".to_owned()),
        schedule: Some(schedule),
        overlap: Overlap::Queue,
        params: Vec::new(),
        locks: Vec::new(),
        timeout: None,
        deadline: None,
        notify: None,
        steps: Vec::new(),
    };
    Definition { job, source: "job: a job of the benchmark\n".repeat(20), base: "/jobs".into() }
}

async fn ours(url: &str, plan: &Plan) {
    let server = Server::from_url(url, None).unwrap();
    let store = Store::new(server.clone(), Metrics::new("bench")).unwrap();
    store.migrate().await.unwrap();
    let settings = EngineSettings {
        // Runs stay in the queue: this is about firings.
        max_runs: 0,
        drain: Duration::ZERO,
        capacities: Capacities::default(),
        logs: std::env::temp_dir(),
        scope: Scope::All,
        plans_firings: true,
        keep_runs: Duration::from_hours(1),
        keep_logs: Duration::from_hours(1),
        notify: None,
        public_url: None,
        patient: None,
    };
    let environment = Arc::new(Environment { connections: BTreeMap::new(), ..Environment::default() });
    let metrics = Metrics::new("bench");
    let daemon = Daemon::start(store.clone(), environment, metrics, Masker::default(), settings).await.unwrap();
    idle("ours, no jobs").await;
    let far = now() + TimeDelta::days(200);
    let definitions: Vec<_> = (0..plan.jobs).map(|number| job(number, cron(far))).collect();
    let started = Instant::now();
    store.save_jobs(&definitions).await.unwrap();
    drop(definitions);
    say(&format!("ours: {} jobs saved in {:.1} s", plan.jobs, started.elapsed().as_secs_f64()));
    tokio::time::sleep(Duration::from_secs(20)).await;
    idle(&format!("ours, {} jobs", plan.jobs)).await;

    let start = soon(Duration::from_secs(45));
    let seoul = |due: DateTime<Utc>| due + TimeDelta::hours(9);
    let due = plan.due(start);
    let definitions: Vec<_> = due.iter().enumerate().map(|(number, due)| job(number, cron(seoul(*due)))).collect();
    store.save_jobs(&definitions).await.unwrap();
    until(start - TimeDelta::seconds(1)).await;
    say(&format!("ours: saved {:.1} s before the first is due", (start - now()).as_seconds_f64()));
    let cpu = cpu_ticks();
    until(*due.iter().max().unwrap() + TimeDelta::seconds(15)).await;
    say(&format!("ours: {} ms of CPU while {} jobs fired", (cpu_ticks() - cpu) * 10, plan.jobs));
    let session = server.connect("bench").await.unwrap();
    let together = *due.last().unwrap();
    let lags = "select extract(epoch from pg_xact_commit_timestamp(xmin) - scheduled_for)::double precision * 1000, \
                scheduled_for = $1 from windlass.firing";
    let rows = session.client().query(lags, &[&together]).await.unwrap();
    let of = |wanted: bool| -> Vec<f64> {
        rows.iter().filter(|row| row.get::<_, bool>(1) == wanted).map(|row| row.get(0)).collect()
    };
    tell("ours, spread", plan.jobs - plan.together, of(false));
    tell("ours, together", plan.together, of(true));
    session.close().await;
    daemon.stop(tokio_util::sync::CancellationToken::new()).await;
}

async fn theirs(plan: &Plan, channel: usize) {
    let mut scheduler = JobScheduler::new_with_channel_size(channel).await.unwrap();
    scheduler.start().await.unwrap();
    idle("theirs, no jobs").await;
    let lags: Arc<Mutex<Vec<(bool, f64)>>> = Arc::default();
    let far = now() + TimeDelta::days(200);
    let started = Instant::now();
    for _ in 0..plan.jobs {
        scheduler.add(TheirJob::new(cron(far), |_, _| {}).unwrap()).await.unwrap();
    }
    say(&format!("theirs: {} jobs added in {:.1} s", plan.jobs, started.elapsed().as_secs_f64()));
    let took = started.elapsed();
    idle(&format!("theirs, {} jobs", plan.jobs)).await;
    scheduler.shutdown().await.unwrap();

    // Another one, because adding and removing takes so long.
    let scheduler = JobScheduler::new_with_channel_size(channel).await.unwrap();
    let start = soon(took * 2 + Duration::from_secs(20));
    let due = plan.due(start);
    let together = *due.last().unwrap();
    for due in &due {
        let (lags, due) = (Arc::clone(&lags), *due);
        let fired = move |_, _| {
            let lag = (now() - due).as_seconds_f64() * 1000.0;
            lags.lock().unwrap().push((due == together, lag));
        };
        scheduler.add(TheirJob::new(cron(due), fired).unwrap()).await.unwrap();
    }
    scheduler.start().await.unwrap();
    say(&format!("theirs: added {:.1} s before the first is due", (start - now()).as_seconds_f64()));
    until(start - TimeDelta::seconds(1)).await;
    let cpu = cpu_ticks();
    until(together + TimeDelta::seconds(30)).await;
    say(&format!("theirs: {} ms of CPU while {} jobs fired", (cpu_ticks() - cpu) * 10, plan.jobs));
    let lags = lags.lock().unwrap().clone();
    let of = |wanted: bool| lags.iter().filter(|(together, _)| *together == wanted).map(|(_, lag)| *lag).collect();
    tell("theirs, spread", plan.jobs - plan.together, of(false));
    tell("theirs, together", plan.together, of(true));
}

/// What the process costs while nothing is due.
async fn idle(what: &str) {
    let cpu = cpu_ticks();
    let started = Instant::now();
    tokio::time::sleep(IDLE).await;
    #[expect(clippy::cast_precision_loss, reason = "a few seconds of CPU")]
    let share = (cpu_ticks() - cpu) as f64 / started.elapsed().as_secs_f64();
    say(&format!("{what}: {share:.2} % of a core, {} KiB resident", resident_kib()));
}

/// How late firings were.
fn tell(what: &str, expected: usize, mut lags: Vec<f64>) {
    lags.sort_by(f64::total_cmp);
    let at = |percent: usize| lags.get(lags.len().saturating_sub(1) * percent / 100).copied().unwrap_or(f64::NAN);
    say(&format!(
        "{what}: {} of {expected} fired; late by {:.0} ms (p50), {:.0} ms (p99), {:.0} ms (latest)",
        lags.len(),
        at(50),
        at(99),
        at(100)
    ));
}

/// A full second, so long from now.
fn soon(pause: Duration) -> DateTime<Utc> {
    (now() + pause).with_nanosecond(0).unwrap() + TimeDelta::seconds(1)
}

async fn until(at: DateTime<Utc>) {
    tokio::time::sleep((at - now()).to_std().unwrap_or_default()).await;
}

fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

#[expect(clippy::print_stdout, reason = "a program for people")]
fn say(text: &str) {
    println!("{text}");
}

/// User and system time of this process so far, in hundredths of a second.
fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // Behind the name, which may hold spaces, the first field is the third of all.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Memory that this process has now, in KiB.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
