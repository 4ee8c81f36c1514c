//! Replicas of a DuckDB master.

use std::os::unix::fs::PermissionsExt;

use windlass::domain::code::Code;
use windlass::domain::failure::{Failure, FailureClass, Side};
use windlass::domain::observation::Observation;
use windlass::domain::step::PublishMethod;

use super::world::{PUBLISHED, World};
use crate::duckdb::process::Other;

#[tokio::test]
async fn both_methods_publish_all_that_the_master_holds() {
    for (method, made_by) in [(PublishMethod::Copy, "copy"), (PublishMethod::Compact, "compact")] {
        let world = World::with_master(method).await;
        let outcome = world.publish().await.unwrap();
        assert_eq!(outcome.method.as_deref(), Some(made_by));
        assert_eq!(outcome.rows, Some(100_002));
        assert_eq!(outcome.tables["prices"], 100_000);
        assert_eq!(outcome.tables["시장.\"종목 \"\"x\"\".y\""], 2);
        assert_eq!(outcome.path.as_deref(), world.replica().canonicalize().unwrap().to_str());
        let size = std::fs::metadata(world.replica()).unwrap().len();
        assert_eq!(outcome.bytes, Some(size));
        let observed = world.host.observations.lock().unwrap().clone();
        let path = outcome.path.clone().unwrap();
        let (generation, compaction) = (outcome.generation, outcome.compaction);
        let expected = Observation::ReplicaPublished { path, bytes: size, generation, rows: 100_002, compaction };
        assert!(observed.contains(&expected), "{observed:?}");
        assert_eq!(outcome.generation, Some(1));
        assert!(method == PublishMethod::Compact || outcome.compaction == Some(1.0), "{:?}", outcome.compaction);
        // Where no blocks are shared a copy is digested on the way.
        for phase in [made_by, "verify", "sync", "rename"] {
            assert!(outcome.phases.contains_key(phase), "{:?}", outcome.phases);
        }

        assert_eq!(world.ask("select sum(price) from prices"), "49999500.00");
        assert_eq!(world.ask("select \"이름\" from \"시장\".\"종목 \"\"x\"\".y\" where symbol = '005930'"), "삼성전자");
        assert_eq!(world.ask("select count(*) from cheap"), "100");
        assert_eq!(world.ask("select twice(21)"), "42");
        let version = "select tags['storage_version'] from duckdb_databases() where path is not null";
        assert_eq!(world.ask(version), "v1.4.0+");
        assert_eq!(world.beside(), PUBLISHED, "{made_by}");
    }
}

#[tokio::test]
async fn rows_that_are_still_in_the_masters_log_are_published_too() {
    for method in [PublishMethod::Auto, PublishMethod::Copy, PublishMethod::Compact] {
        let world = World::with_master(method).await;
        let master = world.master();
        let arguments = [master.to_str().unwrap(), "insert into prices values (-1, 'late', 7)"];
        let mut writer = Other::start("statements", &arguments);
        assert_eq!(writer.hear(), "done");
        writer.kill();
        assert!(world.master().with_file_name("stock_data.db.wal").exists());
        let outcome = world.publish().await.unwrap();
        assert_eq!(outcome.tables["prices"], 100_001, "{method:?}");
        assert_eq!(world.ask("select symbol from prices where id = -1"), "late");
        assert_eq!(world.beside(), PUBLISHED);
    }
}

#[tokio::test]
async fn auto_copies_a_compact_master_and_compacts_an_airy_or_an_old_one() {
    let world = World::with_master(PublishMethod::Auto).await;
    assert_eq!(world.publish().await.unwrap().method.as_deref(), Some("copy"));
    world.write("create table gone as select range, random() r from range(1000000)").await;
    // Behind it in the file, so that its blocks are free but stay.
    world.write("create table kept as select range, random() r from range(300000)").await;
    world.write("drop table gone").await;
    let outcome = world.publish().await.unwrap();
    assert_eq!(outcome.method.as_deref(), Some("compact"));
    let master = std::fs::metadata(world.master()).unwrap().len();
    assert!(outcome.bytes.unwrap() < master, "{} of {master}", outcome.bytes.unwrap());

    let old = World::new(PublishMethod::Auto);
    let table = "create table t (id int primary key); insert into t values (1), (2)";
    duckdb::Connection::open(old.master()).unwrap().execute_batch(table).unwrap();
    assert_eq!(old.publish().await.unwrap().method.as_deref(), Some("compact"));
    assert_eq!(old.ask("select tags['storage_version'] from duckdb_databases() where path is not null"), "v1.4.0+");

    let mut asked = World::new(PublishMethod::Copy);
    duckdb::Connection::open(asked.master()).unwrap().execute_batch(table).unwrap();
    let failure = asked.publish().await.unwrap_err();
    assert_eq!(failure.code, Code::ReplicaCheck, "{failure}");
    assert!(failure.message.contains("v1.0.0"), "{failure}");
    asked.step.storage_version = "v1.0.0".to_owned();
    asked.publish().await.unwrap();
}

#[tokio::test]
async fn a_master_with_foreign_keys_is_copied() {
    let world = World::new(PublishMethod::Auto);
    let tables = "create table z (id int primary key); create table a (id int references z (id));
                  insert into z values (1); insert into a values (1);
                  create table gone as select range, random() r from range(1000000)";
    world.write(tables).await;
    world.write("drop table gone").await;
    assert_eq!(world.publish().await.unwrap().method.as_deref(), Some("copy"));
    assert_eq!(world.ask("select count(*) from a"), "1");
}

#[tokio::test]
async fn a_check_that_is_not_true_keeps_the_old_replica() {
    let mut world = World::with_master(PublishMethod::Auto).await;
    world.publish().await.unwrap();
    world.write("delete from prices").await;
    for (check, says) in [
        ("select count(*) > 0 from prices", "returned false"),
        ("select max(price) > 0 from prices", "returned null"),
        ("select true from prices", "returned no row"),
        ("select true from range(2)", "more than one row"),
        ("select 'x'", "something else than true or false"),
        ("select * from no_table", "Catalog Error"),
    ] {
        world.step.checks = vec!["select true".into(), check.into()];
        let failure = world.publish().await.unwrap_err();
        assert_eq!((failure.code, failure.class), (Code::ReplicaCheck, FailureClass::Permanent), "{failure}");
        assert!(failure.message.contains(says) && failure.message.contains("check 2"), "{failure}");
    }
    assert_eq!(world.ask("select count(*) from prices"), "100000");
    assert_eq!(world.beside(), PUBLISHED);
    world.step.checks = vec!["select count(*) = 0 from prices".into()];
    world.publish().await.unwrap();
    assert_eq!(world.ask("select count(*) from prices"), "0");
}

#[tokio::test]
async fn a_run_that_is_no_longer_ours_publishes_nothing() {
    let world = World::with_master(PublishMethod::Auto).await;
    *world.host.gate.lock().unwrap() = Some(Failure::permanent(Code::NotOwner, Side::Internal, "no longer ours"));
    assert_eq!(world.publish().await.unwrap_err().code, Code::NotOwner);
    assert!(world.beside().is_empty());
}

#[tokio::test]
async fn a_stop_leaves_no_file_and_gives_the_master_back() {
    for (method, phase) in [(PublishMethod::Compact, "writing the new file"), (PublishMethod::Copy, "copying")] {
        let world = World::with_master(method).await;
        world.write("create table much as select range, random() r, md5(range::varchar) m from range(2000000)").await;
        let stopping = async {
            world.host.progress_with(|progress| progress.phase.starts_with(phase)).await;
            world.context.stop.cancel();
        };
        let (result, ()) = tokio::join!(world.publish(), stopping);
        assert_eq!(result.unwrap_err().class, FailureClass::Cancelled, "{method:?}");
        assert!(world.beside().is_empty(), "{:?}", world.beside());
        let master = world.master();
        assert_eq!(Other::start("hold", &[master.to_str().unwrap(), "write"]).hear(), "open");
    }
}

#[tokio::test]
async fn what_earlier_attempts_left_is_swept_and_what_others_build_is_not() {
    let world = World::with_master(PublishMethod::Auto).await;
    let run = world.context.run.0.simple();
    let left = [
        format!(".stock_data_replica.db.windlass-{run}-0-1.tmp"),
        format!(".stock_data_replica.db.windlass-{run}-0-1.tmp.wal"),
    ];
    let others = format!(".stock_data_replica.db.windlass-{}-0-1.tmp", uuid::Uuid::now_v7().simple());
    for name in left.iter().chain([&others]) {
        std::fs::write(world.folder.path().join("replica").join(name), "half").unwrap();
    }
    world.publish().await.unwrap();
    assert_eq!(world.beside()[0], others);
    assert_eq!(world.beside()[1..], PUBLISHED);
}

#[tokio::test]
async fn the_replica_keeps_who_may_read_it_and_a_link_is_followed() {
    let mut world = World::with_master(PublishMethod::Copy).await;
    std::fs::set_permissions(world.master(), std::fs::Permissions::from_mode(0o600)).unwrap();
    world.publish().await.unwrap();
    std::fs::set_permissions(world.replica(), std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(world.replica(), world.folder.path().join("current.db")).unwrap();
    world.step.to = vec!["current.db".into()];
    world.write("insert into prices values (-5, 'x', 1)").await;
    world.publish().await.unwrap();
    assert_eq!(world.ask("select count(*) from prices"), "100001");
    assert_eq!(std::fs::metadata(world.replica()).unwrap().permissions().mode() & 0o777, 0o440);
    assert!(world.folder.path().join("current.db").is_symlink());
}
