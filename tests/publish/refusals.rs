//! What publishing refuses, and what it leaves: nothing.

use std::path::PathBuf;

use windlass::domain::code::Code;
use windlass::domain::failure::{Failure, FailureClass, Side};
use windlass::domain::step::PublishMethod;

use super::world::World;
use crate::duckdb::process::{Other, Place};

#[tokio::test]
async fn a_master_that_another_process_writes_to_is_a_transient_failure_that_names_it() {
    let world = World::with_master(PublishMethod::Auto).await;
    let master = world.master();
    let mut other = Other::start("hold", &[master.to_str().unwrap(), "write"]);
    assert_eq!(other.hear(), "open");
    let failure = world.publish().await.unwrap_err();
    assert_eq!((failure.code, failure.class), (Code::DuckDbLocked, FailureClass::Transient), "{failure}");
    assert_eq!(failure.side, Side::Source);
    assert!(failure.message.contains(&format!("(PID {})", other.id())), "{failure}");
    assert!(world.beside().is_empty());
    other.end();
    // One that reads is no hindrance.
    let mut reader = Other::start("hold", &[master.to_str().unwrap(), "read"]);
    assert_eq!(reader.hear(), "open");
    world.publish().await.unwrap();
}

#[tokio::test]
async fn a_path_that_can_be_no_replica_is_refused_before_any_work() {
    let mut world = World::with_master(PublishMethod::Auto).await;
    std::fs::create_dir(world.folder.path().join("folder.db")).unwrap();
    let master = world.master();
    std::os::unix::fs::symlink(&master, world.folder.path().join("link.db")).unwrap();
    std::os::unix::fs::symlink("nowhere/at/all.db", world.folder.path().join("dangling.db")).unwrap();
    let before = std::fs::read(&master).unwrap();
    for (to, says) in [
        ("folder.db", "is a directory"),
        ("missing/replica.db", "missing"),
        ("stock_data.db", "is the master itself"),
        ("link.db", "is the master itself"),
        ("dangling.db", "No such file"),
        ("..", ""),
    ] {
        world.step.to = vec![to.into()];
        let failure = world.publish().await.unwrap_err();
        assert_eq!((failure.code, failure.class), (Code::ReplicaTarget, FailureClass::Permanent), "{to}: {failure}");
        assert!(failure.message.contains(says), "{to}: {failure}");
        assert!(failure.hint.is_some() || to == "..", "{to}");
    }
    assert_eq!(std::fs::read(&master).unwrap(), before);
    let names = super::world::names_in(world.folder.path());
    assert_eq!(names, ["dangling.db", "folder.db", "link.db", "replica", "stock_data.db"]);
}

#[tokio::test]
async fn a_missing_master_is_not_made() {
    let world = World::new(PublishMethod::Auto);
    let failure = world.publish().await.unwrap_err();
    assert_eq!((failure.code, failure.side), (Code::DuckDbOpen, Side::Source), "{failure}");
    assert!(!world.master().exists());
}

#[tokio::test]
async fn an_unknown_storage_version_is_duckdbs_error() {
    let mut world = World::with_master(PublishMethod::Compact).await;
    world.step.storage_version = "v9.9.9".to_owned();
    let failure = world.publish().await.unwrap_err();
    assert!(failure.message.contains("v9.9.9") && failure.message.contains("valid options"), "{failure}");
    assert!(world.beside().is_empty());
}

/// Publishes from another process, in a place where the disk is short or can't be written to.
async fn publish_elsewhere(method: &str, place: impl FnOnce(PathBuf) -> Place) -> (Failure, String, World) {
    let world = World::with_master(PublishMethod::Auto).await;
    world.write("create table much as select range, random() r, md5(range::varchar) m from range(300000)").await;
    let replica = world.folder.path().join("replica");
    let (master, target) = (world.master(), world.replica());
    let arguments = [master.to_str().unwrap(), target.to_str().unwrap(), method];
    let mut other = Other::start_in(place(replica), "publish", &arguments);
    let failure = serde_json::from_str(&other.hear()).unwrap();
    (failure, other.hear(), world)
}

#[tokio::test]
async fn a_full_disk_leaves_nothing() {
    let root = nix::unistd::Uid::effective().is_root();
    for method in ["copy", "compact"] {
        // Only root can mount a small disk; everybody can forbid large files.
        let place = |folder: PathBuf| if root { Place::SmallDisk(folder, 3000) } else { Place::SmallFiles(6000) };
        let (failure, left, _world) = publish_elsewhere(method, place).await;
        assert_eq!((failure.code, failure.class), (Code::DiskFull, FailureClass::Transient), "{method}: {failure}");
        assert_eq!(failure.side, Side::Target);
        assert_eq!(left, "[]", "{method}");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_is_refused() {
    let (failure, left, _world) = publish_elsewhere("auto", |folder| {
        if nix::unistd::Uid::effective().is_root() {
            return Place::ReadOnlyDisk(folder);
        }
        std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o555)).unwrap();
        Place::Here
    })
    .await;
    assert_eq!((failure.code, failure.class), (Code::ReplicaTarget, FailureClass::Permanent), "{failure}");
    assert_eq!(left, "[]");
}
