//! What may go wrong around a replica: the disk, its owners, its master.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use windlass::domain::code::Code;
use windlass::domain::failure::{Failure, FailureClass, Side};
use windlass::domain::step::PublishMethod;

use super::world::{PUBLISHED, World};
use crate::duckdb::process::{Other, Place};
use crate::support::skipped;

/// A table of some megabytes.
const MUCH: &str = "create table much as select range, random() r, md5(range::varchar) m from range(300000)";

fn is_root() -> bool {
    nix::unistd::Uid::effective().is_root()
}

#[tokio::test]
async fn a_disk_that_fills_up_in_any_phase_leaves_the_old_generation_whole() {
    if !is_root() {
        skipped("only root can mount a small disk");
        return;
    }
    let cases = [
        ("copy", "copying the master's file"),
        ("compact", "writing the new file"),
        ("copy", "verifying the new file"),
        ("compact", "publishing"),
    ];
    for (method, phase) in cases {
        let world = World::with_master(PublishMethod::Auto).await;
        world.write(MUCH).await;
        let (master, target) = (world.master(), world.replica());
        let disk = Place::SmallDisk(world.folder.path().join("replica"), 100_000);
        let arguments = [master.to_str().unwrap(), target.to_str().unwrap(), method, phase];
        let mut other = Other::start_in(disk, "publish-full", &arguments);
        let failure: Failure = serde_json::from_str(&other.hear()).unwrap();
        let seen = (failure.code, failure.class, failure.side);
        assert_eq!(seen, (Code::DiskFull, FailureClass::Transient, Side::Target), "{phase}: {failure}");
        assert!(failure.hint.is_some(), "{phase}: {failure}");
        assert_eq!(other.hear(), format!("{PUBLISHED:?} [\"1.db\", \"1.json\"]"), "{phase}");
        assert_eq!((other.hear(), other.hear()), ("300000".to_owned(), "2".to_owned()), "{phase}");
    }
}

#[tokio::test]
async fn too_little_space_is_refused_before_anything_is_begun() {
    if !is_root() {
        skipped("only root can mount a small disk");
        return;
    }
    for method in ["copy", "compact"] {
        let world = World::with_master(PublishMethod::Auto).await;
        world.write(MUCH).await;
        let (master, target) = (world.master(), world.replica());
        let disk = Place::SmallDisk(world.folder.path().join("replica"), 3000);
        let arguments = [master.to_str().unwrap(), target.to_str().unwrap(), method];
        let mut other = Other::start_in(disk, "publish", &arguments);
        let failure: Failure = serde_json::from_str(&other.hear()).unwrap();
        assert_eq!((failure.code, failure.class), (Code::DiskFull, FailureClass::Transient), "{failure}");
        assert!(failure.message.contains("free are 2.9 MiB; nothing was begun"), "{failure}");
    }
}

#[tokio::test]
async fn a_replica_of_somebody_else_in_a_sticky_folder_is_refused_and_stays() {
    if !is_root() {
        skipped("only root can become somebody else");
        return;
    }
    let world = World::with_master(PublishMethod::Auto).await;
    let folder = world.folder.path().join("replica");
    for (path, mode) in [(world.folder.path(), 0o777), (world.master().as_path(), 0o666), (folder.as_path(), 0o1777)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    fs::write(world.replica(), "root's").unwrap();
    let (master, target) = (world.master(), world.replica());
    let mut other = Other::start("publish-as", &[master.to_str().unwrap(), target.to_str().unwrap(), "65534"]);
    let failure: Failure = serde_json::from_str(&other.hear()).unwrap();
    assert_eq!((failure.code, failure.class), (Code::ReplicaTarget, FailureClass::Permanent), "{failure}");
    assert!(failure.message.contains("not permitted") && failure.hint.is_some(), "{failure}");
    assert_eq!(other.hear(), format!("{:?}", [PUBLISHED[0]]));
    assert_eq!(fs::read_to_string(world.replica()).unwrap(), "root's");
}

#[tokio::test]
async fn nobody_but_root_opens_a_replica_to_write() {
    let world = World::with_master(PublishMethod::Auto).await;
    world.publish().await.unwrap();
    let replica = world.replica();
    let user = if is_root() { 65534 } else { nix::unistd::getuid().as_raw() };
    if is_root() {
        // Even where the folder is open to everybody and the replica is that user's own.
        for folder in [world.folder.path(), replica.parent().unwrap()] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
        }
        std::os::unix::fs::chown(&replica, Some(user), Some(user)).unwrap();
        let mut other = Other::start("open-as", &[replica.to_str().unwrap(), &user.to_string()]);
        let (opened, rows) = (other.hear(), other.hear());
        assert!(opened.contains("Permission denied"), "{opened}");
        assert_eq!(rows, "100000");
    } else {
        assert!(duckdb::Connection::open(&replica).unwrap_err().to_string().contains("Permission denied"));
    }
    assert_eq!(world.publish().await.unwrap().generation, Some(2));
}

#[tokio::test]
async fn a_damaged_master_is_told_and_the_old_replica_stays() {
    // Its first bytes, which every open reads; and a table, which only those who read it see.
    let cases = [(PublishMethod::Auto, 0), (PublishMethod::Compact, 5_000_000), (PublishMethod::Copy, 5_000_000)];
    for (method, at) in cases {
        let world = World::with_master(method).await;
        world.write(MUCH).await;
        world.publish().await.unwrap();
        let mut bytes = fs::read(world.master()).unwrap();
        bytes[at..at + 4096].fill(7);
        fs::write(world.master(), bytes).unwrap();
        let failure = world.publish().await.unwrap_err();
        let seen = (failure.code, failure.class, failure.side);
        assert_eq!(seen, (Code::DuckDbDamaged, FailureClass::Permanent, Side::Source), "{method:?}: {failure}");
        assert_eq!(world.ask("select count(m) from much"), "300000");
        assert_eq!((world.beside(), world.manifest().generation), (PUBLISHED.map(String::from).to_vec(), 1));
    }
}

#[tokio::test]
async fn a_copy_may_have_blocks_that_are_free_and_hold_anything() {
    let world = World::with_master(PublishMethod::Copy).await;
    world.write(MUCH).await;
    world.write("create table behind as select range, random() r from range(300000)").await;
    let before = fs::metadata(world.master()).unwrap().len();
    world.write("drop table much").await;
    assert_eq!(fs::metadata(world.master()).unwrap().len(), before);
    world.publish().await.unwrap();
    assert!(world.host.find("reading all of its tables").is_none());
    let mut bytes = fs::read(world.master()).unwrap();
    bytes[5_000_000..5_004_096].fill(7);
    fs::write(world.master(), bytes).unwrap();
    world.publish().await.unwrap();
    assert!(world.host.find("reading all of its tables").is_some());
    assert_eq!(world.ask("select count(r) from behind"), "300000");
}
