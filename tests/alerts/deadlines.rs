//! Deadlines: what is late, what is in time, and what is noticed when somebody is there again.

use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use windlass::domain::deadline::Deadline;
use windlass::store::{JobDeadline, Store, Verdict};
use windlass::telemetry::Metrics;

use super::world::World;
use crate::cli::folder::Folder;
use crate::support::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_passed_while_nobody_was_there_is_told_once() {
    let world = World::listening().await;
    let now = DateTime::<Utc>::from(SystemTime::now());
    let deadline = (now - TimeDelta::minutes(10)).format("%H:%M");
    let keys =
        format!("schedule: {{cron: \"0 * * * *\"}}\ndeadline: \"{deadline}\"\n{}", world.notify("on: [deadline]"));
    world.job("hourly", &keys, "select 1");
    world.folder.call(&["run", "hourly"]).ends(0);
    let unseen = "update windlass.job set planned_through = now() - interval '3 hours', next_due = null, \
                  deadline_from = now() - interval '3 hours'; delete from windlass.run";
    world.folder.database.execute(unseen).await;
    let serving = [world.serve("first.log").await, world.serve("second.log").await];
    let told = world.hears("hourly was not done by its deadline", 1).await;
    assert!(told[0].contains("it was due"), "{told:?}");
    world.until_recorded("deadline delivered").await;
    drop(serving);
    let serve = world.serve("third.log").await;
    let looked = "select count(*) from windlass.job where next_due > now()";
    eventually("it was looked at", async || world.folder.database.value(looked).await == "1").await;
    assert_eq!(world.recorded().await, "deadline delivered");
    drop(serve);
    world.folder.close().await;
}

/// One deadline at 07:30 of a job that is due at 06:30, with what is recorded.
async fn judged(
    folder: &Folder,
    store: &Store,
    firings: &[(&str, &str, &str)],
    runs: &[(&str, &str, &str)],
) -> Verdict {
    let clean = "delete from windlass.alert; delete from windlass.firing; delete from windlass.run; \
                 update windlass.job set deadline_from = '2026-11-20 07:30+00'";
    folder.database.execute(clean).await;
    for (due, state, reason) in firings {
        let insert = format!(
            "insert into windlass.firing (job, scheduled_for, state, reason) \
             values ('due', '2026-11-21 {due}+00', '{state}', nullif('{reason}', ''))"
        );
        folder.database.execute(&insert).await;
    }
    for (due, state, ended) in runs {
        let insert = format!(
            "insert into windlass.run (id, job, definition, state, trigger, scheduled_for, created_at, ended_at) \
             select gen_random_uuid(), 'due', definition, '{state}', 'manual', '2026-11-21 {due}+00', \
                    '2026-11-21 {due}+00', '2026-11-21 {ended}+00' from windlass.job"
        );
        folder.database.execute(&insert).await;
    }
    let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let from = time("2026-11-20T07:30:00Z");
    let job = JobDeadline {
        job: "due".to_owned(),
        deadline: Deadline::parse("07:30").unwrap(),
        zone: chrono_tz::Tz::UTC,
        from: Some(from),
        next_due: None,
    };
    let verdict = store.judge_deadline(&job, from, time("2026-11-21T07:30:00Z")).await.unwrap();
    let again = store.judge_deadline(&job, from, time("2026-11-21T07:30:00Z")).await.unwrap();
    assert_eq!(again, Verdict::Fine, "each deadline is looked at once");
    verdict
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_late_and_what_is_in_time() {
    let folder = Folder::new().await;
    folder.write(
        "jobs/due.yaml",
        "job: due\nschedule: {cron: \"30 6 * * *\"}\ndeadline: \"07:30\"\nnotify: {on: []}\nsteps: [{id: a, sql: \
         {connection: pg, statement: select 1}}]\n",
    );
    folder.call(&["run", "due"]).ends(0);
    let store = Store::new(folder.database.server(), Metrics::new("test")).unwrap();
    let missed = |due: &str| Verdict::Missed { due: format!("2026-11-21T{due}:00Z").parse().unwrap(), told: false };
    let ran = &[("06:30", "ran", "")][..];
    let cases: &[(&str, &[_], &[_], Verdict)] = &[
        ("nothing was due", &[], &[], Verdict::Fine),
        ("it succeeded in time", ran, &[("06:30", "succeeded", "07:29")], Verdict::Fine),
        ("it succeeded too late", ran, &[("06:30", "succeeded", "07:31")], missed("06:30")),
        ("it failed", ran, &[("06:30", "failed", "06:40")], missed("06:30")),
        ("it still runs", ran, &[], missed("06:30")),
        (
            "somebody ran it again by hand",
            ran,
            &[("06:30", "failed", "06:40"), ("07:00", "succeeded", "07:10")],
            Verdict::Fine,
        ),
        ("an older run doesn't count", ran, &[("05:30", "succeeded", "06:40")], missed("06:30")),
        ("nobody was there", &[("06:30", "missed", "window")], &[], missed("06:30")),
        ("a newer one took its place", &[("06:30", "superseded", "newer")], &[], missed("06:30")),
        ("the job was paused", &[("06:30", "skipped", "paused")], &[], Verdict::Fine),
        (
            "the last that was not skipped counts",
            &[("05:30", "ran", ""), ("06:30", "skipped", "overlap")],
            &[("05:30", "succeeded", "06:50")],
            Verdict::Fine,
        ),
        (
            "of several the last counts",
            &[("05:30", "ran", ""), ("06:30", "ran", "")],
            &[("05:30", "failed", "05:50"), ("06:30", "succeeded", "06:50")],
            Verdict::Fine,
        ),
        ("what is due at the deadline has until the next", &[("07:30", "ran", "")], &[], Verdict::Fine),
    ];
    for (what, firings, runs, wanted) in cases {
        assert_eq!(&judged(&folder, &store, firings, runs).await, wanted, "{what}");
    }
    store.close();
    folder.close().await;
}
