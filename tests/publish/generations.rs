//! Generations, manifests, and the ways back from a crash and from a bad generation.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use windlass::domain::code::Code;
use windlass::domain::failure::Failure;
use windlass::domain::ids::RunId;
use windlass::domain::replica::Manifest;
use windlass::domain::step::{PublishMethod, StepKind};
use windlass::steps::replica::{Layout, State, problems, roll_back};
use windlass::steps::{StepContext, StopSignal};

use super::world::{PUBLISHED, World};
use crate::support::host::MemoryHost;

impl World {
    fn layout(&self) -> Layout {
        Layout::of(&self.replica()).unwrap()
    }

    fn state(&self) -> State {
        State::read(&self.layout()).unwrap()
    }

    fn problems(&self) -> Vec<String> {
        problems(&self.layout(), &self.state())
    }

    /// Writes one more row and publishes.
    async fn publish_more(&self) -> u64 {
        self.write("insert into prices values (-1, 'more', 1)").await;
        self.publish().await.unwrap().generation.unwrap()
    }

    async fn roll_back(&self, to: Option<u64>) -> Result<Manifest, Failure> {
        let now = "2030-01-01T00:00:00Z".parse().unwrap();
        Box::pin(roll_back(&self.layout(), to, now, &StopSignal::new(), |_| {})).await
    }

    fn rows(&self) -> String {
        self.ask("select count(*) from prices")
    }
}

fn inode(path: &Path) -> u64 {
    fs::metadata(path).unwrap().ino()
}

#[tokio::test]
async fn a_publish_is_a_generation_whose_manifest_describes_it() {
    let world = World::with_master(PublishMethod::Auto).await;
    let outcome = world.publish().await.unwrap();
    assert_eq!(world.publish_more().await, 2);
    let manifest = world.manifest();
    assert_eq!((manifest.generation, manifest.previous, manifest.rolled_back_from), (2, Some(1), None));
    assert_eq!((outcome.generation, manifest.rows), (Some(1), 100_003));
    assert_eq!((manifest.source.as_str(), manifest.method.as_str()), ("market", "copy"));
    assert_eq!((manifest.job.as_str(), manifest.step.as_str(), manifest.run), ("시험", "step", world.context.run));
    assert_eq!((manifest.storage_version.as_str(), manifest.duckdb_version.as_str()), ("v1.4.0", "v1.5.6"));
    assert!(manifest.tables.iter().any(|table| table.schema == "시장" && table.rows == 2), "{manifest:?}");
    let file = world.layout().folder().join(&manifest.file);
    assert_eq!(file, world.layout().generation(2));
    assert_eq!(manifest.bytes, fs::metadata(&file).unwrap().len());
    let summed = std::process::Command::new("sha256sum").arg(&file).output().unwrap();
    let digits = String::from_utf8(summed.stdout).unwrap()[..64].to_owned();
    assert_eq!(manifest.sha256, digits);
    // The replica is that file, and nobody should write to it.
    assert_eq!(inode(&file), inode(&world.replica()));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file) & 0o222, 0);
    assert_eq!(
        (mode(&world.layout().generations()) & 0o555, mode(&world.layout().manifest())),
        (mode(&file) | mode(&file) >> 2 | 0o500, mode(&file) | 0o200)
    );
    assert_eq!(super::world::ask(&world.layout().generation(1), "select count(*) from prices"), "100000");
    assert_eq!(world.problems(), Vec::<String>::new());
    assert_eq!(world.beside(), PUBLISHED);
}

#[tokio::test]
async fn so_many_stay_and_no_number_is_given_twice_not_even_after_going_back() {
    let mut world = World::with_master(PublishMethod::Copy).await;
    world.step.keep = 3;
    for number in 1..=4 {
        assert_eq!(world.publish_more().await, number);
    }
    assert_eq!(world.generations(), ["2.db", "2.json", "3.db", "3.json", "4.db", "4.json"]);
    let back = world.roll_back(None).await.unwrap();
    assert_eq!((back.generation, back.rolled_back_from), (3, Some(4)));
    assert_eq!(world.manifest(), back);
    assert_eq!((world.rows().as_str(), inode(&world.replica())), ("100003", inode(&world.layout().generation(3))));
    // Twice from where one is leads further back; by name one may also go forth.
    assert_eq!(world.roll_back(None).await.unwrap().generation, 2);
    assert_eq!(world.roll_back(Some(3)).await.unwrap().rolled_back_from, Some(2));
    let refused = world.roll_back(Some(3)).await.unwrap_err();
    assert!(refused.message.contains("is the published one already"), "{refused}");
    let refused = world.roll_back(Some(1)).await.unwrap_err();
    assert_eq!(refused.code, Code::NotFound);
    assert_eq!(refused.hint.as_deref(), Some("kept are 2, 3, 4"));

    assert_eq!(world.publish_more().await, 5);
    // What was gone back from goes first, and what 5 followed is what one goes back to.
    assert_eq!(world.generations(), ["2.db", "2.json", "3.db", "3.json", "5.db", "5.json"]);
    assert_eq!(world.roll_back(None).await.unwrap().generation, 3);
    world.step.keep = 1;
    assert_eq!(world.publish_more().await, 6);
    assert_eq!(world.generations(), ["6.db", "6.json"]);
    assert_eq!(world.roll_back(None).await.unwrap_err().code, Code::NotFound);
    assert_eq!((world.rows().as_str(), world.beside().as_slice()), ("100006", PUBLISHED.map(String::from).as_slice()));
}

#[tokio::test]
async fn a_crash_between_the_two_renames_is_finished_by_whoever_comes_next() {
    let world = World::with_master(PublishMethod::Auto).await;
    world.publish().await.unwrap();
    let manifest = world.layout().manifest();
    let first = fs::read(&manifest).unwrap();
    assert_eq!(world.publish_more().await, 2);
    fs::write(&manifest, &first).unwrap();
    assert!(world.problems()[0].contains("it is generation 2 already, its manifest says 1"), "{:?}", world.problems());
    assert_eq!(world.publish_more().await, 3);
    assert_eq!(world.manifest().previous, Some(2));
    assert!(world.host.find("the replica was generation 2 already").is_some());
    // The same on the way back.
    let third = fs::read(&manifest).unwrap();
    world.roll_back(None).await.unwrap();
    fs::write(&manifest, &third).unwrap();
    assert_eq!(world.state().unfinished().unwrap().rolled_back_from, Some(3));
    assert_eq!(world.publish_more().await, 4);
    assert_eq!((world.manifest().previous, world.problems()), (Some(2), Vec::new()));
}

#[tokio::test]
async fn what_an_attempt_published_before_it_was_lost_is_not_published_twice() {
    let mut world = World::with_master(PublishMethod::Auto).await;
    let first = world.publish().await.unwrap();
    world.write("delete from prices").await;
    let adopted = world.publish_again(2).await.unwrap();
    assert_eq!((adopted.generation, adopted.tables, adopted.bytes), (Some(1), first.tables, first.bytes));
    assert!(world.host.find("an earlier attempt published generation 1").is_some());
    assert_eq!((world.rows().as_str(), world.generations().len()), ("100000", 2));
    // Once it is recorded, another round of the run publishes anew.
    world.context.scope.steps.insert("step".to_owned(), serde_json::json!({"generation": 1}));
    assert_eq!(world.publish_again(3).await.unwrap().generation, Some(2));
    assert_eq!(world.rows(), "0");
    // One that was in its folder but not yet shown is shown now.
    let layout = world.layout();
    fs::remove_file(layout.replica()).unwrap();
    fs::hard_link(layout.generation(1), layout.replica()).unwrap();
    fs::copy(layout.generation_manifest(1), layout.manifest()).unwrap();
    assert_eq!(world.publish_again(4).await.unwrap().generation, Some(2));
    assert_eq!((world.rows().as_str(), world.manifest().generation), ("0", 2));
    assert_eq!((world.beside().as_slice(), world.problems()), (PUBLISHED.map(String::from).as_slice(), Vec::new()));
}

#[tokio::test]
async fn halves_and_logs_are_swept_and_nobodys_file_is_taken_for_a_generation() {
    let world = World::with_master(PublishMethod::Auto).await;
    world.publish().await.unwrap();
    let folder = world.layout().generations();
    for name in ["7.db", "8.json", "1.db.wal", "notes.txt"] {
        fs::write(folder.join(name), "half").unwrap();
    }
    assert!(world.problems()[0].contains("1.db.wal"), "{:?}", world.problems());
    assert_eq!(world.publish_more().await, 9);
    assert_eq!(world.generations(), ["1.db", "1.json", "9.db", "9.json", "notes.txt"]);
    // A manifest that can't be read hinders nobody, and gives no number again.
    fs::write(world.layout().manifest(), "{").unwrap();
    assert!(world.problems()[0].contains("can't be read"), "{:?}", world.problems());
    assert_eq!(world.publish_more().await, 10);
    assert_eq!(world.problems(), Vec::<String>::new());
}

#[tokio::test]
async fn a_generation_that_was_damaged_is_not_gone_back_to() {
    let world = World::with_master(PublishMethod::Auto).await;
    world.publish().await.unwrap();
    world.publish_more().await;
    let first = world.layout().generation(1);
    fs::set_permissions(&first, fs::Permissions::from_mode(0o644)).unwrap();
    let mut bytes = fs::read(&first).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&first, bytes).unwrap();
    let refused = world.roll_back(None).await.unwrap_err();
    assert_eq!(refused.code, Code::ReplicaCheck);
    assert!(refused.message.contains("generation 1 is damaged: its SHA-256"), "{refused}");
    assert_eq!((world.rows().as_str(), world.manifest().generation), ("100001", 2));
}

#[tokio::test]
async fn the_second_of_two_publishers_waits_for_the_first() {
    let world = World::with_master(PublishMethod::Compact).await;
    let host = Arc::new(MemoryHost::default());
    let run = RunId(uuid::Uuid::now_v7());
    let other = StepContext { run, host: Arc::<MemoryHost>::clone(&host), ..world.context.clone() };
    let kind = StepKind::PublishReplica(world.step.clone());
    let open = world.host.hold_gate();
    let watching = async {
        world.host.gate_reached().await;
        let second = Box::pin(windlass::steps::run(&kind, &other));
        let letting = async {
            host.line_with("another publisher holds").await;
            open.notify_one();
        };
        tokio::join!(second, letting).0
    };
    let (first, second) = tokio::join!(world.publish(), watching);
    assert_eq!((first.unwrap().generation, second.unwrap().generation), (Some(1), Some(2)));
    assert_eq!((world.manifest().run, world.beside().as_slice()), (run, PUBLISHED.map(String::from).as_slice()));
}

#[tokio::test]
async fn without_hard_links_the_replica_is_published_all_the_same() {
    let world = World::with_master(PublishMethod::Auto).await;
    let elsewhere = PathBuf::from("/dev/shm");
    let device = |path: &Path| fs::metadata(path).unwrap().dev();
    if !elsewhere.is_dir() || device(&elsewhere) == device(world.folder.path()) {
        crate::support::skipped("there is no second file system at hand");
        return;
    }
    // A file can't have a second name on another file system.
    let elsewhere = tempfile::tempdir_in(elsewhere).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), world.layout().generations()).unwrap();
    assert_eq!(world.publish().await.unwrap().generation, Some(1));
    assert_eq!(world.publish_more().await, 2);
    assert!(world.host.find("no generations are kept").is_some());
    assert_eq!((world.manifest().file.as_str(), world.generations()), ("stock_data_replica.db", Vec::new()));
    assert_eq!((world.rows().as_str(), world.problems()), ("100001", Vec::new()));
    assert_eq!(world.roll_back(None).await.unwrap_err().code, Code::NotFound);
}

#[tokio::test]
async fn a_table_that_shrank_by_more_than_it_may_keeps_the_old_replica() {
    let mut world = World::with_master(PublishMethod::Auto).await;
    world.step.max_shrink = Some(0.1);
    world.publish().await.unwrap();
    world.write("delete from prices where id >= 90000").await;
    assert_eq!(world.publish().await.unwrap().generation, Some(2));
    world.write("delete from prices where id >= 80000; drop table \"시장\".\"종목 \"\"x\"\".y\"").await;
    let failure = world.publish().await.unwrap_err();
    assert_eq!(failure.code, Code::ReplicaCheck);
    for says in
        ["generation 2", "(10 %)", "`prices` had 90000 rows and has 80000: 11.11 % less", "종목", "not there any"]
    {
        assert!(failure.message.contains(says), "{says}: {failure}");
    }
    assert_eq!((world.rows().as_str(), world.generations().len()), ("90000", 4));
    world.step.max_shrink = Some(1.0);
    assert_eq!(world.publish().await.unwrap().generation, Some(3));
}
