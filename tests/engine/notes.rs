//! Notes: who may write them, and who finds them.

use serde_json::json;
use windlass::domain::ids::DaemonId;

use super::world::{WAIT, World, job, running};

#[tokio::test(flavor = "multi_thread")]
async fn notes_of_an_open_run_are_its_own_and_those_of_an_ended_one_are_found_by_the_next() {
    let world = World::new().await;
    world.database.execute("create table go (n int); insert into go values (1)").await;
    let daemon = world.daemon().await;
    let job = job("주문", &[WAIT]);
    let (first, second) = (world.start(&job).await, world.start(&job).await);
    let one = world.until(first, running).await;
    world.until(second, running).await;
    let owner = world.database.value(&format!("select owner from windlass.run where id = '{}'", one.id)).await;
    let me = DaemonId(owner.parse().unwrap());
    let write = async |me, name: &str, value| world.store.write_note(me, first, "s0", name, &value).await;
    write(me, "a", json!({"id": 1})).await.unwrap();
    write(me, "a", json!({"id": 2})).await.unwrap();
    write(me, "b", json!("둘")).await.unwrap();
    // A daemon that the run isn't its own writes nothing.
    assert!(write(DaemonId(uuid::Uuid::now_v7()), "c", json!(3)).await.is_err());

    let found = world.store.notes("주문", "s0", first).await.unwrap();
    let values: Vec<_> = found.iter().map(|note| (note.name.as_str(), note.value.clone())).collect();
    assert_eq!(values, [("a", json!({"id": 2})), ("b", json!("둘"))]);
    assert_eq!(world.store.notes("주문", "s0", second).await.unwrap(), []);
    world.store.forget_note("주문", "s0", &found[1]).await.unwrap();

    world.database.execute("delete from go").await;
    world.ended(first).await;
    let left = world.store.notes("주문", "s0", second).await.unwrap();
    assert_eq!((left.len(), left[0].run), (1, first));
    assert_eq!(world.store.notes("주문", "s1", second).await.unwrap(), []);
    assert_eq!(world.store.notes("다른 일", "s0", second).await.unwrap(), []);
    world.ended(second).await;
    world.end(vec![daemon]).await;
}
