//! From due time to run: the ledger, pause, overlap, several daemons.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use windlass::domain::job::{Job, Overlap};
use windlass::domain::schedule::{Gap, Missed, Repeat, Schedule, When};

use super::world::{WAIT, World, job, somebody};

fn every(seconds: u64, missed: Missed) -> Schedule {
    Schedule {
        when: When::Every(Duration::from_secs(seconds)),
        zone: chrono_tz::Tz::UTC,
        missed,
        missed_window: Duration::from_hours(24),
        gap: Gap::Shift,
        repeat: Repeat::First,
    }
}

fn scheduled(name: &str, seconds: u64, missed: Missed) -> Job {
    Job { schedule: Some(every(seconds, missed)), ..job(name, &["select 1"]) }
}

/// Sets the time up to which a job's due times are in the ledger.
async fn planned_through(world: &World, job: &str, at: DateTime<Utc>) {
    let sql = "update windlass.job set planned_through = $2 where name = $1";
    world.database.admin().execute(sql, &[&job, &at]).await.unwrap();
}

async fn now(world: &World) -> DateTime<Utc> {
    world.database.admin().query_one("select now()", &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_due_time_runs_once_however_many_daemons_notice_it() {
    let world = World::new().await;
    world.save(&scheduled("tick", 1, Missed::All)).await;
    let daemons = vec![world.daemon().await, world.daemon().await];
    let ran = "select least(3, count(*)) from windlass.firing join windlass.run on run.id = firing.run \
               where firing.state = 'ran' and run.state = 'succeeded'";
    world.until_value(ran, "3").await;
    let doubled =
        "select count(*) from (select scheduled_for from windlass.run group by 1 having count(*) > 1) as twice";
    assert_eq!(world.database.value(doubled).await, "0");
    let gaps = "select coalesce(max(step), interval '1 second') from \
                (select scheduled_for - lag(scheduled_for) over (order by scheduled_for) as step from windlass.firing) as s";
    assert_eq!(world.database.value(gaps).await, "00:00:01", "no due time is left out");
    world.end(daemons).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_is_in_the_ledger_with_what_became_of_it() {
    let world = World::new().await;
    let hour = 3600;
    for (name, missed) in [("all", Missed::All), ("latest", Missed::Latest), ("skip", Missed::Skip)] {
        world.save(&scheduled(name, hour, missed)).await;
        planned_through(&world, name, now(&world).await - TimeDelta::hours(30)).await;
    }
    let daemon = world.daemon().await;
    for name in ["all", "latest", "skip"] {
        let entered = format!("select count(*) >= 30 from windlass.firing where job = '{name}'");
        world.until_value(&entered, "true").await;
    }
    let count = |job: &str, state: &str| {
        format!(
            "select count(*) from windlass.firing where job = '{job}' and state = '{state}' \
                 and scheduled_for < now() - interval '2 minutes'"
        )
    };
    let old = "select count(*) from windlass.firing where job = 'all' and scheduled_for < now() - interval '24 hours'";
    let missed = world.database.value(&count("all", "missed")).await;
    assert_eq!(missed, world.database.value(old).await, "older than the window");
    assert_eq!(world.database.value(&count("skip", "ran")).await, "0");
    let latest = "select count(*) from windlass.firing where job = 'latest' and state = 'ran'";
    assert_eq!(world.database.value(latest).await, "1");
    assert_eq!(
        world.database.value("select count(*) from windlass.firing where run is null and reason is null").await,
        "0"
    );
    world.until_value("select count(*) from windlass.run where state <> 'succeeded'", "0").await;
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_absence_is_entered_in_batches_and_still_runs_once() {
    let world = World::new().await;
    world.save(&scheduled("often", 300, Missed::Latest)).await;
    planned_through(&world, "often", now(&world).await - TimeDelta::hours(23)).await;
    let daemon = world.daemon().await;
    world.until_value("select count(*) >= 275 from windlass.firing", "true").await;
    world.until_value("select count(*) from windlass.run where state <> 'succeeded'", "0").await;
    let late = "select count(*) from windlass.run where scheduled_for < now() - interval '6 minutes'";
    assert_eq!(world.database.value(late).await, "0", "only the newest ran");
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_job_records_its_firings_as_skipped() {
    let world = World::new().await;
    world.save(&scheduled("tick", 1, Missed::All)).await;
    assert!(world.store.pause(&somebody(), "tick", None).await.unwrap());
    assert!(!world.store.pause(&somebody(), "nobody", None).await.unwrap());
    let daemon = world.daemon().await;
    world
        .until_value("select count(*) > 0 from windlass.firing where state = 'skipped' and reason = 'paused'", "true")
        .await;
    assert_eq!(world.database.value("select count(*) from windlass.run").await, "0");
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn overlap_skip_records_why_a_due_time_did_not_run() {
    let world = World::new().await;
    world.database.execute("create table go as select 1").await;
    let job = Job { schedule: Some(every(1, Missed::All)), overlap: Overlap::Skip, ..job("slow", &[WAIT]) };
    world.save(&job).await;
    let daemon = world.daemon().await;
    let skipped = "select count(*) > 0 from windlass.firing where state = 'skipped' and reason = 'overlap'";
    world.until_value(skipped, "true").await;
    assert_eq!(world.database.value("select count(*) from windlass.run").await, "1");
    world.database.execute("delete from go").await;
    world.until_value("select count(*) > 0 from windlass.run where state = 'succeeded'", "true").await;
    world.end(vec![daemon]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_schedule_starts_from_the_change_and_a_deleted_file_retires_the_job() {
    let world = World::new().await;
    world.save(&scheduled("tick", 3600, Missed::All)).await;
    planned_through(&world, "tick", now(&world).await - TimeDelta::hours(5)).await;
    world.save(&scheduled("tick", 3600, Missed::All)).await;
    let behind = "select planned_through < now() - interval '4 hours' from windlass.job where name = 'tick'";
    assert_eq!(world.database.value(behind).await, "true", "saved unchanged, it keeps its place");
    world.save(&scheduled("tick", 1800, Missed::All)).await;
    assert_eq!(world.database.value(behind).await, "false");
    // What nobody had noticed by then has a word in the ledger, and no run.
    let edited =
        "select count(*) >= 4 and count(run) = 0 from windlass.firing where state = 'missed' and reason = 'edited'";
    assert_eq!(world.database.value(edited).await, "true");
    planned_through(&world, "tick", now(&world).await - TimeDelta::hours(2)).await;
    world.store.save_jobs(&[]).await.unwrap();
    assert!(world.store.jobs().await.unwrap().is_empty());
    let retired =
        "select count(*) >= 2 and count(run) = 0 from windlass.firing where state = 'missed' and reason = 'retired'";
    assert_eq!(world.database.value(retired).await, "true");
    assert!(world.store.job("tick").await.unwrap().is_none());
    world.end(Vec::new()).await;
}
