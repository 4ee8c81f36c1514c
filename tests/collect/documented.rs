//! The example of the reference does what is said of it.

use std::path::Path;

use windlass::domain::step::{CollectSource, StepKind};
use windlass::spec;
use windlass::spec::Known;

use super::world::{To, World};

#[tokio::test]
async fn the_example_of_files_loads_new_ones_and_puts_bad_rows_aside() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/JOBS.md")).unwrap();
    let example = page.split("```yaml\n").find(|rest| rest.starts_with("job: orders-from-files")).unwrap();
    let example = example.split("```").next().unwrap();
    let mut world = World::of_file(To::DuckDb, "unused", "").await;
    let known = Known { now: "2026-11-20T06:00:00Z".parse().unwrap(), connections: None, env: None };
    let loaded = spec::load_text(&world.folder.path().join("orders.yaml"), example.as_bytes().to_vec(), &known);
    let job = loaded.unwrap_or_else(|wrong| panic!("{}", spec::print(&wrong, false))).job;
    let StepKind::Collect(step) = job.steps[0].kind.clone() else { panic!("the example collects") };
    world.step = *step;
    world.step.into.connection = "target".into();
    let CollectSource::File(source) = &mut world.step.source else { panic!("from files") };
    source.base = world.folder.path().to_owned();
    std::fs::create_dir(world.folder.path().join("incoming")).unwrap();
    let write = |name: &str, text: &str| {
        world.write(&format!("incoming/orders-{name}.csv"), encoding_rs::EUC_KR.encode(text).0);
    };
    write("1", "주문 내역\nid;name;ordered_at\n1;삼성;2026-11-20\n2;NULL;2026-11-19\nbroken\n");
    let outcome = world.run().await.unwrap_or_else(|failure| panic!("{failure:?}"));
    assert_eq!((outcome.rows, outcome.rejected, outcome.files), (Some(2), Some(1), Some(1)));
    assert_eq!(world.value("select text from bad_orders").await, "broken");
    *world.host.last.lock().unwrap() = Some(outcome);
    let write = |name: &str, text: &str| {
        world.write(&format!("incoming/orders-{name}.csv"), encoding_rs::EUC_KR.encode(text).0);
    };
    write("2", "\nid;name;ordered_at;note\n3;전자;2026-11-20;새 열\n");
    world.next_run();
    let outcome = world.run().await.unwrap_or_else(|failure| panic!("{failure:?}"));
    assert_eq!((outcome.rows, outcome.files, outcome.new_columns.len()), (Some(1), Some(1), 1));
    let rows =
        "select string_agg(concat_ws('|', id, name, note), ';' order by id) from orders where _load_id is not null";
    assert_eq!(world.value(rows).await, "1|삼성;2;3|전자|새 열");
    write_old(&world);
    world.next_run();
    let failure = world.failure().await;
    assert!(failure.message.contains("found 2026-10-31T15:00:00Z as the latest"), "{failure}");
}

/// A file with orders of long ago.
fn write_old(world: &World) {
    let text = "\nid;name;ordered_at\n4;x;2026-11-01\n";
    world.write("incoming/orders-3.csv", text);
}
