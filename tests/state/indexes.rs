//! A version that wants indexes of a large table: they are built beside the work, not while all daemons wait.

use windlass::store::Store;
use windlass::telemetry::Metrics;

use super::world::World;
use crate::support::{TestDatabase, eventually, server};

refinery::embed_migrations!("migrations");

/// A state of the fifth migration's time, with more runs than are indexed at once.
const MANY: &str = "insert into windlass.definition values ('hash', 'old', 'source', '{}', '/'); \
                    insert into windlass.job (name, definition, retired_at) values ('old', 'hash', now()); \
                    insert into windlass.run (id, job, definition, state, trigger, scheduled_for, created_at, ended_at) \
                    select gen_random_uuid(), 'old', 'hash', 'succeeded', 'manual', now(), now() - n * interval '1 ms', now() \
                    from generate_series(1, 10001) as n";

/// The indexes of runs that may be used.
const VALID: &str = "select string_agg(relname, ' ' order by relname) from pg_index join pg_class on pg_class.oid = indexrelid \
                     where indrelid = 'windlass.run'::regclass and indisvalid and relname in \
                     ('run_open', 'run_queued', 'run_unended', 'run_by_trigger')";

const NEW: &str = "run_by_trigger run_queued run_unended";

/// What another session is in the middle of.
const BUILDING: &str = "select count(*) from pg_stat_progress_create_index where relid = 'windlass.run'::regclass and phase like 'waiting%'";

/// Brings a new database to where that migration left it.
async fn migrated_to(database: &TestDatabase, newest: i32) {
    let table = "create schema windlass; create table windlass.migration (version int4 primary key, name varchar(255), \
                 applied_on varchar(255), checksum varchar(255))";
    database.execute(table).await;
    for migration in migrations::runner().get_migrations().iter().filter(|migration| migration.version() <= newest) {
        database.execute(migration.sql().unwrap()).await;
        let (version, name, checksum) = (migration.version(), migration.name(), migration.checksum());
        let note = format!(
            "insert into windlass.migration values ({version}, '{name}', '2026-01-01T00:00:00Z', '{checksum}')"
        );
        database.execute(&note).await;
    }
}

fn store(database: &TestDatabase) -> Store {
    Store::new(database.server(), Metrics::new("test")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn indexes_of_a_large_table_are_built_while_runs_go_on() {
    let database = server().database().await;
    migrated_to(&database, 5).await;
    database.execute(MANY).await;
    // What a server leaves that crashed in the middle of a build.
    database.execute("create index run_unended on windlass.run (job)").await;
    database
        .execute("update pg_index set indisvalid = false where indexrelid = 'windlass.run_unended'::regclass")
        .await;
    let store = store(&database);
    store.migrate().await.unwrap();
    assert_eq!(database.value(VALID).await, "run_open", "migrating reads no runs");

    // A dump, say. A build waits for its end, and nobody for the build.
    let dump = database.server().connect("test-dump").await.unwrap();
    dump.client()
        .batch_execute("begin isolation level repeatable read; select count(*) from windlass.run")
        .await
        .unwrap();
    let world = World::new(&database.server(), database.url(), 1).await;
    eventually("the daemon builds", async || database.value(BUILDING).await == "1").await;
    world.works_again("indexes are being built").await;
    assert_eq!(store.build_indexes().await.unwrap(), None, "another is at it");
    dump.client().batch_execute("commit").await.unwrap();
    dump.close().await;
    eventually("the indexes are there", async || database.value(VALID).await == NEW).await;
    world.daemon.says("built indexes of the state database").await;
    assert_eq!(store.build_indexes().await.unwrap(), Some(0));
    store.close();
    world.open_gate().await;
    world.ends_as_if_nothing_had_been().await;
    database.close().await;
}

#[tokio::test]
async fn a_small_table_has_its_indexes_at_once_and_rewritten_migrations_are_known() {
    let database = server().database().await;
    migrated_to(&database, 5).await;
    let store = store(&database);
    store.migrate().await.unwrap();
    assert_eq!(database.value(VALID).await, NEW);

    // The sixth as it was before it was written anew; and one that was never ours.
    let checksum = "select checksum from windlass.migration where version = 6";
    let now = database.value(checksum).await;
    database.execute("update windlass.migration set checksum = '18339821249475990073' where version = 6").await;
    store.migrate().await.unwrap();
    assert_eq!(database.value(checksum).await, now);
    database.execute("update windlass.migration set checksum = '1' where version = 6").await;
    let refused = store.migrate().await.unwrap_err().to_string();
    assert!(refused.contains("queue"), "{refused}");
    store.close();
    database.close().await;
}
