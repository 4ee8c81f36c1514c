//! A disk that is full, on either side.

use std::path::Path;

use windlass::domain::code::Code;
use windlass::domain::failure::{FailureClass, Side};
use windlass::domain::step::CopySource;

use crate::copy::Copy;
use crate::support::{PrivateServer, SmallDisk};

/// Makes tables of the database's sessions lie in that folder, and their temporary files too.
async fn use_disk(database: &crate::support::TestDatabase, folder: &Path) {
    let space = format!("small_{}", database.name());
    database.execute(&format!("create tablespace {space} location '{}'", folder.display())).await;
    database.set_default(&format!("default_tablespace = '{space}'")).await;
    database.set_default(&format!("temp_tablespaces = '{space}'")).await;
}

#[tokio::test]
async fn a_full_disk_is_a_failure_of_its_side_and_leaves_the_old_table() {
    let server = PrivateServer::start(&["work_mem=64kB", "max_parallel_workers_per_gather=0"], false).await;
    let Some(disk) = SmallDisk::mount(8) else { return };
    let big = "create table big as select g, repeat('x', 500) as x from generate_series(1, 50000) g";
    let (source, target) = (server.database().await, server.database().await);
    let there = "create table t (g int, x text); insert into t values (7, 'old')";
    let mut copy = Copy::from_to(source, target, "big", "t", big, there).await;
    use_disk(&copy.target, &disk.folder(&server, "target")).await;
    // A new table lies where the old one does.
    copy.target.execute(&format!("alter table t set tablespace small_{}", copy.target.name())).await;
    let failure = copy.failure().await;
    assert_eq!((failure.side, failure.class), (Side::Target, FailureClass::Transient), "{failure:?}");
    assert_eq!((failure.code, failure.sqlstate.as_deref()), (Code::PostgresResources, Some("53100")), "{failure:?}");
    assert_eq!(copy.target.value("select string_agg(t::text, ';') from t").await, "(7,old)");
    // What the failed attempt had written is gone from the disk: as much fits as before.
    copy.step.source = CopySource::Query("select * from big where g <= 5000".into()).into();
    for _ in 0..3 {
        assert_eq!(copy.run().await.unwrap().rows, Some(5000));
    }

    copy.target.set_default("default_tablespace = ''").await;
    use_disk(&copy.source, &disk.folder(&server, "source")).await;
    copy.step.source = CopySource::Query("select * from big order by x, g".into()).into();
    let failure = copy.failure().await;
    assert_eq!((failure.side, failure.class), (Side::Source, FailureClass::Transient), "{failure:?}");
    assert_eq!(failure.sqlstate.as_deref(), Some("53100"), "{failure:?}");
    assert_eq!(copy.target.value("select count(*) from t").await, "5000");
    copy.close().await;
}
