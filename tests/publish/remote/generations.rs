//! What lies in a bucket after publishing, in which order it came there, and what readers see meanwhile.

use windlass::steps::StopSignal;

use super::{ADDRESS, MUCH, PUBLISHED, manifest};
use crate::publish::world::World;
use crate::support::object_server::ObjectServer;
use crate::support::sha256;

#[tokio::test]
async fn a_publish_puts_a_whole_generation_and_its_manifest_last() {
    let Some(server) = ObjectServer::start().await else { return };
    let world = World::with_bucket(&server).await;
    // In one request, then in parts.
    for number in 1..=2 {
        let outcome = world.publish().await.unwrap();
        assert_eq!((outcome.generation, outcome.path.as_deref()), (Some(number), Some(ADDRESS)));
        assert_eq!(outcome.places.get(ADDRESS), Some(&number));
        assert!(outcome.phases.contains_key("distribute"), "{:?}", outcome.phases);
        let manifest = manifest(&server, "data/stock.db.json").await;
        assert_eq!((manifest.generation, manifest.previous), (number, number.checked_sub(2).map(|_| 1)));
        assert_eq!(manifest.file, format!("stock.db.generations/{number}.db"));
        let (file, replica) = (server.get(&format!("data/{}", manifest.file)).await, server.get("data/stock.db").await);
        assert!(file == replica);
        let file = file.unwrap();
        assert_eq!((manifest.bytes, &manifest.sha256), (file.len() as u64, &sha256(&file)));
        assert_eq!(world.ask_remote(&server, "data/stock.db", "select count(*) from prices").await, "100000");
        if number == 1 {
            assert_eq!(server.keys().await, PUBLISHED);
            world.write(MUCH).await;
        }
    }
    assert!(server.unfinished().await.is_empty());
    let spool = std::fs::read_dir(world.folder.path().join("spool")).unwrap().count();
    assert_eq!(spool, 0);
    let puts: Vec<String> = server
        .requests()
        .into_iter()
        .filter(|line| !line.contains("partNumber") && (line.starts_with("PUT ") || line.contains("uploadId=")))
        .collect();
    let at = |key: &str| puts.iter().rposition(|line| line.contains(key)).unwrap_or_else(|| panic!("{key}: {puts:?}"));
    let generations = "/replicas/data/stock.db.generations";
    let order = [
        at(&format!("{generations}/2.uploading ")),
        at(&format!("{generations}/2.db?uploadId")),
        at(&format!("{generations}/2.json ")),
        at("/replicas/data/stock.db "),
        at("/replicas/data/stock.db.json "),
    ];
    assert!(order.is_sorted(), "{order:?} {puts:?}");
}

#[tokio::test]
async fn so_many_generations_stay_and_one_can_go_back() {
    let Some(server) = ObjectServer::start().await else { return };
    let mut world = World::with_bucket(&server).await;
    world.step.keep = 2;
    for _ in 0..3 {
        world.write("insert into prices values (-1, 'more', 1)").await;
        world.publish().await.unwrap();
    }
    let state = world.remote().state().await.unwrap();
    assert_eq!(state.kept.keys().copied().collect::<Vec<_>>(), [2, 3]);
    assert_eq!(server.keys().await.len(), 6, "{:?}", server.keys().await);

    let (now, spool, stop) =
        ("2030-01-01T00:00:00Z".parse().unwrap(), world.folder.path().join("spool"), StopSignal::new());
    let back = world.remote().roll_back(None, now, &spool, &stop, |_| {}).await.unwrap();
    assert_eq!((back.generation, back.rolled_back_from, back.published_at), (2, Some(3), now));
    assert_eq!(manifest(&server, "data/stock.db.json").await, back);
    assert_eq!(world.ask_remote(&server, "data/stock.db", "select count(*) from prices").await, "100002");
    assert!(world.remote().wrong_with(&back, &spool, &stop).await.unwrap().is_empty());
    let failure = world.remote().roll_back(Some(1), now, &spool, &stop, |_| {}).await.unwrap_err();
    assert!(failure.message.contains("generation 1 is not there"), "{failure}");
    assert_eq!(failure.hint.unwrap(), "kept are 2, 3");

    // No number is given twice, and what was gone back to stays rather than what was gone back from.
    assert_eq!(world.publish().await.unwrap().generation, Some(4));
    let state = world.remote().state().await.unwrap();
    assert_eq!(state.kept.keys().copied().collect::<Vec<_>>(), [2, 4]);
    assert!(server.keys().await.iter().all(|key| !key.ends_with("switching") && !key.ends_with("uploading")));
}

#[tokio::test]
async fn a_reader_in_a_loop_finds_what_the_manifest_names() {
    let Some(server) = ObjectServer::start().await else { return };
    let world = World::with_bucket(&server).await;
    world.publish().await.unwrap();
    let done = StopSignal::new();
    let publishing = async {
        for _ in 0..6 {
            world.write("insert into prices values (-1, 'more', 1)").await;
            world.publish().await.unwrap();
        }
        done.cancel();
    };
    let reading = async {
        let (mut looks, mut seen) = (0, 0);
        while !done.is_cancelled() {
            let says = manifest(&server, "data/stock.db.json").await;
            assert!(says.generation >= seen, "{} after {seen}", says.generation);
            seen = says.generation;
            let replica = sha256(&server.get("data/stock.db").await.unwrap());
            let file = server.get(&format!("data/{}", says.file)).await.expect("the file that the manifest names");
            assert_eq!(sha256(&file), says.sha256);
            // Behind the replica's own name is that generation or a newer one, whole.
            let newer = world.remote().state().await.unwrap();
            assert!(newer.kept.range(seen..).any(|(_, one)| one.sha256 == replica), "generation {seen}");
            looks += 1;
        }
        looks
    };
    let ((), looks) = tokio::join!(publishing, reading);
    assert!(looks > 6, "{looks}");
}

#[tokio::test]
async fn what_somebody_put_in_its_place_is_noticed() {
    let Some(server) = ObjectServer::start().await else { return };
    let world = World::with_bucket(&server).await;
    world.publish().await.unwrap();
    let remote = world.remote();
    let problems = async || remote.problems(&remote.state().await.unwrap(), remote.bytes().await.unwrap());
    assert_eq!(problems().await, Vec::<String>::new());
    server.put("data/stock.db", "something else").await;
    let wrong = problems().await.join("; ");
    assert!(wrong.contains("it has 14 bytes, its manifest says"), "{wrong}");
    let (says, spool) = (manifest(&server, "data/stock.db.json").await, world.folder.path().join("spool"));
    let wrong = remote.wrong_with(&says, &spool, &StopSignal::new()).await.unwrap().join("; ");
    assert!(wrong.contains("SHA-256") && wrong.contains("a reader can't use it"), "{wrong}");
    server.put("data/stock.db.json", "{}").await;
    assert!(problems().await.join("; ").contains("data/stock.db.json can't be read: missing field"));
}
