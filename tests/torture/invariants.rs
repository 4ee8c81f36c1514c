//! What must hold when everything has come to rest, asked of the databases, the disk and the kernel.

use std::collections::BTreeSet;
use std::path::Path;

use super::jobs::PROGRAM;
use super::world::World;
use crate::cli::folder::is_empty;
use crate::support::processes_naming;

/// Questions to the state database whose answer must be zero.
const NONE: &[(&str, &str)] = &[
    ("due times that are not in the ledger", GAPS),
    ("firings without an outcome", "select count(*) from windlass.firing where state = 'due'"),
    (
        "firings that ran without a run of their own",
        "select count(*) from windlass.firing left join windlass.run on run.id = firing.run and run.job = firing.job \
         and run.scheduled_for = firing.scheduled_for where firing.state = 'ran' and run.id is null",
    ),
    (
        "scheduled runs without a firing",
        "select count(*) from windlass.run where trigger = 'schedule' and not exists (select from windlass.firing \
         where firing.run = run.id)",
    ),
    (
        "due times with two runs",
        "select count(*) from (select from windlass.run where trigger = 'schedule' group by job, scheduled_for \
         having count(*) > 1) as twice",
    ),
    (
        "runs that were triggered twice by one step",
        "select count(*) from (select from windlass.run where trigger = 'step' group by parent_run having count(*) > 1) as twice",
    ),
    ("attempts that still run", "select count(*) from windlass.attempt where state = 'running'"),
    ("leases that are left", "select count(*) from windlass.daemon where ended_at is null"),
    ("locks that are left", "select count(*) from windlass.lock_grant where released_at is null"),
    ("places in queues that are left", "select count(*) from windlass.lock_request"),
    ("locks held by more than may", OVER),
];

/// Two due times of a job that are further apart than its interval.
const GAPS: &str = "select count(*) from (select scheduled_for - lag(scheduled_for) over (partition by job order by scheduled_for) \
                    as apart from windlass.firing) as pairs where apart <> interval '1 second'";

/// Grants at whose beginning more held the lock than may. Who gets a lock gets it at the instant it is freed, or later.
const OVER: &str = "select count(*) from windlass.lock_grant as mine where (select count(*) from windlass.lock_grant as other \
                    where other.name = mine.name and other.granted_at <= mine.granted_at \
                    and other.released_at > mine.granted_at) \
                    > case when mine.name like 'pair/%' then 2 else 1 end";

/// What doesn't hold.
pub(super) async fn broken(world: &World) -> Vec<String> {
    let mut wrong = Vec::new();
    for (what, question) in NONE {
        let count = world.value(question).await;
        if count != "0" {
            wrong.push(format!("{what}: {count}"));
        }
    }
    let failed =
        "select string_agg(format('%s %s %s', job, id, state), ', ') from windlass.run where state <> 'succeeded'";
    let failed = world.value(failed).await;
    if !failed.is_empty() {
        wrong.push(format!("runs that didn't succeed: {failed}"));
    }
    let made = names(&world.value("select string_agg(id::text, ' ') from windlass.run where job = 'append'").await);
    let target = world.session(&world.target).await;
    let rows = target.query("select run, count(*) from appended group by run", &[], "looking").await.unwrap();
    let added: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    if let Some(twice) = rows.iter().find(|row| row.get::<_, i64>(1) != 1) {
        wrong.push(format!("run {} has added {} rows", twice.get::<_, String>(0), twice.get::<_, i64>(1)));
    }
    let differ: Vec<&String> = made.symmetric_difference(&added).collect();
    if !differ.is_empty() {
        wrong.push(format!("runs without a row, or rows without a run: {differ:?}"));
    }
    for (what, question) in [
        ("sessions that are left", "select count(*) from pg_stat_activity where application_name like 'windlass/%'"),
        ("hidden tables that are left", "select count(*) from pg_class where relname like 'windlass\\_0%'"),
        (
            "rows that the copy lacks",
            "select count(*) from (select * from origin except select * from staged) as lacks",
        ),
    ] {
        let count: i64 = target.query_one(question, &[], "looking").await.unwrap().get(0);
        if count != 0 {
            wrong.push(format!("{what}: {count}"));
        }
    }
    target.close().await;
    wrong.extend(world.replica());
    if !is_empty(&world.spool()) {
        wrong.push("files are left in the spool".to_owned());
    }
    let left = processes_naming(Path::new(PROGRAM));
    if !left.is_empty() {
        wrong.push(format!("programs are left: {left:?}"));
    }
    wrong
}

fn names(text: &str) -> BTreeSet<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
