//! What people do to a schedule, and what clocks do to it: every due time keeps a row that says what became of it.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use windlass::domain::job::{Job, Overlap};
use windlass::domain::schedule::{Gap, Missed, Repeat, Schedule, When};
use windlass::store::{FiringFilter, Later, RunMissed};

use super::world::{WAIT, World, job, somebody};

const HOUR: TimeDelta = TimeDelta::hours(1);

fn every(interval: Duration) -> Schedule {
    Schedule {
        when: When::Every(interval),
        zone: chrono_tz::Tz::UTC,
        missed: Missed::Latest,
        missed_window: Duration::from_hours(24),
        gap: Gap::Shift,
        repeat: Repeat::First,
    }
}

fn hourly(name: &str) -> Job {
    Job { schedule: Some(every(Duration::from_hours(1))), ..job(name, &["select 1"]) }
}

async fn now(world: &World) -> DateTime<Utc> {
    world.database.admin().query_one("select now()", &[]).await.unwrap().get(0)
}

/// As if nobody had looked at the job since.
async fn unseen_since(world: &World, job: &str, at: DateTime<Utc>) {
    let sql = "update windlass.job set planned_through = $2, next_due = null where name = $1";
    world.database.admin().execute(sql, &[&job, &at]).await.unwrap();
}

async fn plan(world: &World, job: &str, at: Option<DateTime<Utc>>) {
    let planned = world.store.plan_jobs(&[job.to_owned()], at).await.unwrap();
    assert!(planned.unreadable.is_empty(), "{:?}", planned.unreadable);
}

/// A job's firings, oldest first: `ran`, `skipped paused` …
async fn ledger(world: &World, job: &str) -> Vec<String> {
    let mut rows = world.store.firings(job, FiringFilter::default()).await.unwrap();
    rows.reverse();
    rows.into_iter().map(|row| format!("{} {}", row.state, row.reason.unwrap_or_default()).trim().to_owned()).collect()
}

/// The last `hours` full hours, oldest first.
fn hours_before(now: DateTime<Utc>, hours: i32) -> Vec<DateTime<Utc>> {
    let last = DateTime::from_timestamp(now.timestamp().div_euclid(3600) * 3600, 0).unwrap();
    (0..hours).rev().map(|back| last - HOUR * back).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_pause_skipped_runs_only_when_somebody_asks() {
    let world = World::new().await;
    for (name, missed) in [("none", RunMissed::None), ("latest", RunMissed::Latest), ("all", RunMissed::All)] {
        world.save(&hourly(name)).await;
        let three = hours_before(now(&world).await, 3);
        unseen_since(&world, name, three[0] - TimeDelta::minutes(1)).await;
        assert!(world.store.pause(&somebody(), name, None).await.unwrap());
        assert!(world.store.skipped_by_pause(name).await.unwrap().is_empty(), "nobody has looked yet");
        plan(&world, name, None).await;
        assert_eq!(world.store.skipped_by_pause(name).await.unwrap().last(), three.last());
        let runs = world.store.resume(&somebody(), name, missed).await.unwrap().unwrap();
        let after = ledger(&world, name).await;
        let expected = match missed {
            RunMissed::None => ["superseded newer", "superseded newer", "skipped paused"],
            RunMissed::Latest | RunMissed::All => ["superseded newer", "superseded newer", "ran resumed"],
        };
        assert_eq!(after, expected, "{name}");
        assert_eq!(runs.len(), usize::from(missed != RunMissed::None), "{name}");
    }
    assert!(world.store.resume(&somebody(), "nobody", RunMissed::All).await.unwrap().is_none());
    world.end(Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_a_pause_skipped_runs_one_after_the_other() {
    let world = World::new().await;
    world.save(&Job { overlap: Overlap::Cancel, ..hourly("tick") }).await;
    let hours = hours_before(now(&world).await, 4);
    let since = "update windlass.job set paused_at = $1, planned_through = $1 where name = 'tick'";
    world.database.admin().execute(since, &[&(hours[0] - TimeDelta::minutes(1))]).await.unwrap();
    let runs = world.store.resume(&somebody(), "tick", RunMissed::All).await.unwrap().unwrap();
    assert_eq!(runs.len(), 4);
    assert_eq!(ledger(&world, "tick").await, ["ran resumed"; 4]);
    let daemon = world.daemon().await;
    // They end nobody's run to get their turn, whatever `overlap` says.
    world.until_value("select count(*) from windlass.run where state = 'succeeded'", "4").await;
    let order = "select count(*) from (select started_at < lag(ended_at) over (order by scheduled_for) as early \
                 from windlass.run) as runs where early";
    assert_eq!(world.database.value(order).await, "0");
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_runs_what_did_not_run_in_order_and_lets_others_go_first() {
    let world = World::new().await;
    world.database.execute("create table go as select 1").await;
    let job = Job { schedule: Some(every(Duration::from_hours(1))), ..job("slow", &[WAIT]) };
    world.save(&job).await;
    let due = hours_before(now(&world).await, 3);
    unseen_since(&world, "slow", due[0] - TimeDelta::minutes(1)).await;
    let later = Later { due: due.clone(), params: BTreeMap::new(), in_order: true };
    let made = world.store.backfill(&somebody(), "slow", &later).await.unwrap();
    assert_eq!(made.iter().map(|(due, _)| *due).collect::<Vec<_>>(), due);
    assert!(world.store.backfill(&somebody(), "slow", &later).await.unwrap().is_empty(), "they ran");
    plan(&world, "slow", None).await;
    assert_eq!(ledger(&world, "slow").await, ["ran backfill"; 3]);
    let daemon = world.daemon().await;
    world.until_value("select count(*) from windlass.run where state = 'running'", "1").await;
    // A run that the schedule makes meanwhile waits for the one that runs, not for all of them.
    let scheduled = world.start_scheduled(&job).await;
    world.until_value("select count(*) from windlass.run where state = 'waiting'", "3").await;
    world.database.execute("delete from go").await;
    world.until_value("select count(*) from windlass.run where state = 'succeeded'", "4").await;
    let second = "select id from windlass.run order by started_at offset 1 limit 1";
    assert_eq!(world.database.value(second).await, scheduled.to_string());
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_side_by_side_waits_for_nobody() {
    let world = World::new().await;
    world.database.execute("create table go as select 1").await;
    world.save(&Job { schedule: Some(every(Duration::from_hours(1))), ..job("slow", &[WAIT]) }).await;
    let due = hours_before(now(&world).await, 3);
    let later = Later { due, params: BTreeMap::new(), in_order: false };
    world.store.backfill(&somebody(), "slow", &later).await.unwrap();
    let daemon = world.daemon().await;
    world.until_value("select count(*) from windlass.run where state = 'running' and trigger = 'backfill'", "3").await;
    world.database.execute("delete from go").await;
    world.until_value("select count(*) from windlass.run where state = 'succeeded'", "3").await;
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_ahead_loses_no_firing_and_runs_none_twice() {
    let world = World::new().await;
    world.save(&hourly("tick")).await;
    let now = now(&world).await;
    let last = *hours_before(now, 1).last().unwrap();
    let at = |hours: i32| Some(last + HOUR * hours + TimeDelta::seconds(1));
    unseen_since(&world, "tick", last - TimeDelta::minutes(1)).await;
    plan(&world, "tick", at(0)).await;
    // Set forward by four hours: the newest runs, the others are superseded, as after any absence.
    plan(&world, "tick", at(4)).await;
    let ahead = ["ran", "superseded newer", "superseded newer", "superseded newer", "ran"];
    assert_eq!(ledger(&world, "tick").await, ahead);
    // Set back again: everybody looks, because the ledger is ahead of the clock.
    plan(&world, "tick", Some(last + TimeDelta::minutes(1))).await;
    assert_eq!(ledger(&world, "tick").await, ahead, "nothing is due yet");
    for hour in 1..=5 {
        plan(&world, "tick", at(hour)).await;
    }
    assert_eq!(ledger(&world, "tick").await, ["ran"; 6], "what was decided by the wrong clock is decided anew");
    let doubled = "select count(*) - count(distinct scheduled_for) from windlass.run";
    assert_eq!(world.database.value(doubled).await, "0");
    assert_eq!(world.database.value("select count(*) from windlass.run").await, "6");
    world.end(Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_finds_a_ledger_that_is_ahead_of_the_clock() {
    let world = World::new().await;
    let tick = Job { schedule: Some(every(Duration::from_secs(1))), ..job("tick", &["select 1"]) };
    world.save(&tick).await;
    let ahead =
        "update windlass.job set planned_through = now() + interval '1 year', next_due = now() + interval '1 year'";
    world.database.execute(ahead).await;
    let daemon = world.daemon().await;
    world.until_value("select count(*) > 1 from windlass.run where state = 'succeeded'", "true").await;
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_absence_of_a_job_that_is_often_due_runs_it_once() {
    let world = World::new().await;
    let often = Job { schedule: Some(every(Duration::from_secs(2))), ..job("often", &["select 1"]) };
    world.save(&often).await;
    let from = DateTime::from_timestamp(now(&world).await.timestamp() / 2 * 2, 0).unwrap();
    unseen_since(&world, "often", from).await;
    plan(&world, "often", Some(from + TimeDelta::seconds(31))).await;
    let mut expected = vec!["superseded newer"; 14];
    expected.push("ran");
    assert_eq!(ledger(&world, "often").await, expected);
    world.end(Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_time_that_a_gap_leaves_out_is_in_the_ledger() {
    let world = World::new().await;
    let cron = Schedule {
        when: When::Cron("30 2 * * *".to_owned()),
        zone: chrono_tz::Tz::America__New_York,
        gap: Gap::Skip,
        missed: Missed::All,
        ..every(Duration::ZERO)
    };
    world.save(&Job { schedule: Some(cron), ..job("early", &["select 1"]) }).await;
    unseen_since(&world, "early", "2026-03-07T00:00:00Z".parse().unwrap()).await;
    plan(&world, "early", Some("2026-03-09T06:30:01Z".parse().unwrap())).await;
    let rows = world.store.firings("early", FiringFilter::default()).await.unwrap();
    assert_eq!(ledger(&world, "early").await, ["missed window", "skipped gap", "ran"]);
    assert_eq!(rows[1].scheduled_for, "2026-03-08T07:00:00Z".parse::<DateTime<Utc>>().unwrap(), "the gap's end");
    world.end(Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_firings_go_and_newer_ones_stay() {
    let world = World::new().await;
    world.save(&hourly("tick")).await;
    let due = hours_before(now(&world).await, 30);
    unseen_since(&world, "tick", due[0] - TimeDelta::minutes(1)).await;
    plan(&world, "tick", None).await;
    let removed = world.store.remove_old_firings(Duration::from_hours(10), 1_000).await.unwrap();
    assert_eq!((removed, ledger(&world, "tick").await.len()), (20, 10));
    world.end(Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_never_due_again_is_left_alone_and_a_look_that_finds_nothing_writes_nothing() {
    let world = World::new().await;
    let never = Schedule { when: When::Cron("0 0 31 2 *".to_owned()), ..every(Duration::ZERO) };
    world.save(&Job { schedule: Some(never), ..job("never", &["select 1"]) }).await;
    world.save(&hourly("tick")).await;
    for name in ["never", "tick"] {
        plan(&world, name, None).await;
    }
    let (jobs, _) = world.store.upcoming().await.unwrap();
    let scheduled: Vec<_> = jobs.iter().filter(|job| job.scheduled).map(|job| job.job.as_str()).collect();
    assert_eq!(scheduled, ["tick"]);
    let version = "select xmin from windlass.job where name = 'tick'";
    let before = world.database.value(version).await;
    plan(&world, "tick", Some(now(&world).await + TimeDelta::milliseconds(1))).await;
    assert_eq!(world.database.value(version).await, before);
    world.end(Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_cannot_be_read_holds_up_no_other_job() {
    let world = World::new().await;
    for name in ["bad", "good"] {
        world.save(&Job { schedule: Some(every(Duration::from_secs(1))), ..job(name, &["select 1"]) }).await;
    }
    world
        .database
        .execute("update windlass.job set schedule = '{\"when\": {\"moon\": \"full\"}}' where name = 'bad'")
        .await;
    let daemon = world.daemon().await;
    world.until_value("select count(*) > 1 from windlass.run where job = 'good' and state = 'succeeded'", "true").await;
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_jobs_that_are_due_together_are_entered_together() {
    let world = World::new().await;
    let definitions: Vec<_> = (0..1000)
        .map(|number| windlass::store::Definition {
            job: hourly(&format!("job-{number:04}")),
            source: String::new(),
            base: std::path::PathBuf::from("/jobs"),
        })
        .collect();
    world.store.save_jobs(&definitions).await.unwrap();
    assert_eq!(world.store.save_changed(&definitions).await.unwrap(), [], "nothing has changed");
    let last = *hours_before(now(&world).await, 1).last().unwrap();
    let since = "update windlass.job set planned_through = $1, next_due = $2";
    world.database.admin().execute(since, &[&(last - TimeDelta::minutes(1)), &last]).await.unwrap();
    // Two daemons notice all of them at once.
    let daemons = vec![
        world.daemon_with(|settings| settings.max_runs = 0).await,
        world.daemon_with(|settings| settings.max_runs = 0).await,
    ];
    world.until_value("select count(*) from windlass.run where state = 'queued'", "1000").await;
    world.until_value("select count(*) from windlass.job where next_due > now()", "1000").await;
    assert_eq!(world.database.value("select count(*) from windlass.firing").await, "1000");
    world.end(daemons).await;
}
