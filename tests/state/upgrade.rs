//! A newer version has migrated the state database under a daemon that is at work, or put into it what that one doesn't know.

use std::collections::BTreeMap;

use windlass::store::{NewRun, Store};
use windlass::telemetry::Metrics;

use super::world::World;
use crate::cli::serving::get;
use crate::support::{eventually, server};

/// What a future version may do to a schema within the promise of `docs/OPERATIONS.md`: add.
const FUTURE: &str = "insert into windlass.migration (version, name, applied_on, checksum) \
                      values (9999, 'from_the_future', '2099-01-01T00:00:00Z', '1'); \
                      create table windlass.novelty (id bigint primary key, run uuid references windlass.run on delete cascade); \
                      alter table windlass.run add column novelty text, add column importance integer not null default 0; \
                      alter table windlass.attempt add column novelty jsonb; \
                      alter table windlass.job add column novelty text; \
                      alter table windlass.daemon add column novelty text; \
                      alter table windlass.firing add column novelty boolean not null default false; \
                      alter table windlass.lock_grant add column novelty text; \
                      alter table windlass.alert add column novelty text; \
                      create index novelty_of_run on windlass.run (importance)";

/// Runs at the head of the line, more than are looked at once, of a job whose steps only a newer version knows, and one of them
/// that failed as only that one can.
const FUTURE_RUNS: &str = "insert into windlass.definition (hash, job, source, resolved, base) \
                           values ('future', 'future', 'job: future', '{\"name\": \"future\", \"steps\": [{\"id\": \"a\", \"kind\": {\"teleport\": {}}}]}', '/'); \
                           insert into windlass.job (name, definition, schedule) values ('future', 'future', '{\"when\": \"by the moon\"}'); \
                           insert into windlass.run (id, job, definition, state, trigger, scheduled_for, queued_at) \
                           select gen_random_uuid(), 'future', 'future', 'queued', 'manual', now(), now() - interval '1 hour' \
                           from generate_series(1, 100); \
                           update windlass.run set state = 'failed', ended_at = now(), failure = '{\"code\": \"WL7777\", \"class\": \
                           \"permanent\", \"side\": \"target\", \"message\": \"the moon is new\"}' \
                           where id = (select id from windlass.run where job = 'future' limit 1)";

#[tokio::test(flavor = "multi_thread")]
async fn what_only_a_newer_version_understands_is_left_to_it_and_is_in_nobodys_way() {
    let database = server().database().await;
    let world = World::new(&database.server(), database.url(), 2).await;
    database.execute(FUTURE_RUNS).await;
    world.works_again("runs of a newer version's are first in line").await;
    world.daemon.says("its runs are left to daemons of a newer one").await;
    let left = "select count(*) from windlass.run where job = 'future' and state = 'queued'";
    assert_eq!(world.count(left).await, 99);

    // All lists are there, with what is known of the job.
    for arguments in [&["jobs"][..], &["runs"], &["runs", "--failed"]] {
        let listed = world.folder.call(arguments).ends(0).stdout;
        assert!(listed.contains("future"), "{arguments:?}: {listed}");
    }
    for page in ["/", "/api/v1/jobs", "/api/v1/runs"] {
        let (head, body) = get(world.address(), page).await;
        assert!(head.contains("200") && body.contains("future"), "{page}: {head} {body}");
    }
    let (_, page) = get(world.address(), "/jobs/future").await;
    assert!(page.contains("WL0903"), "{page}");
    let refused = world.folder.call(&["trigger", "future"]);
    assert!(refused.stderr.contains("teleport"), "{}", refused.stderr);

    let gone = "delete from windlass.run where job = 'future'; delete from windlass.job where name = 'future'; \
                delete from windlass.definition where hash = 'future'";
    database.execute(gone).await;
    world.open_gate().await;
    world.ends_as_if_nothing_had_been().await;
    database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_goes_on_beside_a_newer_schema_and_cannot_be_started_on_it() {
    let database = server().database().await;
    let world = World::new(&database.server(), database.url(), 2).await;
    // Several tables in one transaction, under a daemon that uses them: one of the two may have to try again, as both do.
    while let Err(error) = database.admin().batch_execute(FUTURE).await {
        assert_eq!(error.code(), Some(&tokio_postgres::error::SqlState::T_R_DEADLOCK_DETECTED), "{error}");
    }
    world.works_again("the schema is a newer one's").await;

    // What a newer daemon or command puts into the queue.
    let store = Store::new(database.server(), Metrics::new("test")).unwrap();
    let stored = store.job("long").await.unwrap().unwrap();
    let run = NewRun::manual("long", stored.hash, BTreeMap::new());
    let id = store.create_run(&run).await.unwrap();
    eventually("it is claimed", async || store.run(id).await.unwrap().unwrap().started_at.is_some()).await;
    store.cancel_run(id).await.unwrap();
    eventually("it is cancelled", async || store.run(id).await.unwrap().unwrap().state.is_final()).await;
    database.execute(&format!("delete from windlass.run where id = '{id}'")).await;
    assert!(world.is_ready().await);

    // Another of this version is refused, in words, and nothing is changed by that. So is each command.
    for arguments in [&["serve"][..], &["trigger", "long"], &["jobs"]] {
        let refused = world.folder.call(arguments);
        assert_eq!(refused.code, Some(3), "{arguments:?}: {refused:?}");
        for words in ["WL0907", "from_the_future"] {
            assert!(refused.stderr.contains(words), "{arguments:?}: {}", refused.stderr);
        }
    }
    world.open_gate().await;
    store.close();
    world.ends_as_if_nothing_had_been().await;
    database.close().await;
}
