//! What readers in other processes see while a replica is published.

use windlass::domain::step::PublishMethod;

use super::world::{PUBLISHED, World, reader};
use crate::duckdb::process::Other;

/// Makes every row of the table belong to one generation. Readers check that they never see two.
fn generation(number: u32) -> String {
    format!(
        "begin; drop table if exists t; create table t as select {number} as generation, range as id, \
         random() as r from range(150000); commit"
    )
}

#[tokio::test]
async fn a_reader_in_a_loop_never_fails_nor_sees_half() {
    let world = World::new(PublishMethod::Auto);
    world.write(&generation(0)).await;
    world.publish().await.unwrap();
    let replica = world.replica();
    let mut reader = Other::start("read-loop", &[replica.to_str().unwrap(), "150000"]);
    assert_eq!(reader.hear(), "reading");
    for number in 1..=12 {
        world.write(&generation(number)).await;
        // A log of another database beside the replica would stop readers, or be replayed by them.
        std::fs::write(world.folder.path().join("replica/stock_data_replica.db.wal"), b"").unwrap();
        let outcome = world.publish().await.unwrap();
        assert_eq!(outcome.tables["t"], 150_000);
        assert_eq!(world.beside(), PUBLISHED);
        // The reader has opened what was published, so each generation is seen.
        assert_eq!(reader.hear(), format!("saw {number}"));
    }
    assert_eq!(reader.end(), "no errors");
}

#[tokio::test]
async fn a_stale_log_beside_the_replica_is_gone_before_readers_see_the_new_file() {
    let mut world = World::with_master(PublishMethod::Auto).await;
    // With this version DuckDB would replay the foreign log without a word.
    world.step.storage_version = "v1.0.0".to_owned();
    world.publish().await.unwrap();
    let replica = world.replica();
    // Only who goes out of the way can write to a replica.
    std::fs::set_permissions(&replica, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let insert = "insert into prices values (-7, 'intruder', 0)";
    let mut intruder = Other::start("statements", &[replica.to_str().unwrap(), insert]);
    assert_eq!(intruder.hear(), "done");
    intruder.kill();
    std::fs::write(world.folder.path().join("replica/stock_data_replica.db.wal.checkpoint"), b"x").unwrap();
    assert_eq!(world.beside().len(), 5);
    world.publish().await.unwrap();
    assert_eq!(world.beside(), PUBLISHED);
    assert_eq!(world.ask("select count(*) from prices where symbol = 'intruder'"), "0");
}

#[tokio::test]
async fn a_reader_that_holds_the_old_file_goes_on_with_it() {
    let world = World::new(PublishMethod::Compact);
    world.write(&generation(1)).await;
    world.publish().await.unwrap();
    let holder = reader(&world.replica());
    world.write(&generation(2)).await;
    world.publish().await.unwrap();
    let seen = |row: &duckdb::Row<'_>| row.get::<_, i32>(0);
    assert_eq!(holder.query_row("select max(generation) from t where r >= 0", [], seen).unwrap(), 1);
    let replica = world.replica();
    let mut fresh = Other::start("read-loop", &[replica.to_str().unwrap(), "150000"]);
    assert_eq!(fresh.hear(), "reading");
    assert_eq!(fresh.hear(), "saw 2");
}
