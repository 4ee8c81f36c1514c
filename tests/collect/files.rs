//! Local files.

use windlass::domain::code::Code;
use windlass::domain::failure::{FailureClass, Side};

use super::world::{To, World};

#[tokio::test]
async fn all_files_that_match_are_read_in_one_load() {
    let mut world = World::of_file(To::DuckDb, "2026-01.csv", "a,b\n1,x\n").await;
    world.write("2026-02.csv", "b,a,c\ny,2.5,z\n");
    world.write("2026-03.txt", "not this one");
    world.read_files("2026-*.csv");
    assert_eq!(world.run().await.unwrap().rows, Some(2));
    assert_eq!(world.value("select string_agg(concat_ws('|', a, b, c), ';' order by a) from t").await, "1.0|x;2.5|y|z");
    world.write("1.jsonl", "\u{feff}{\"a\": 1}\n\n{\"a\": 2, \"n\": \"x\"}");
    world.write("2.jsonl", "{\"a\": 3}\r\n");
    world.read_files("{{ steps }}".replace("{{ steps }}", "?.jsonl").as_str());
    world.execute("drop table t").await;
    assert_eq!(world.run().await.unwrap().rows, Some(3));
    assert_eq!(world.value("select sum(a) from t").await, "6");
}

#[tokio::test]
async fn a_file_whose_name_looks_like_a_pattern_is_a_file() {
    let world = World::of_file(To::DuckDb, "a[1]*.csv", "a\n1\n").await;
    assert_eq!(world.run().await.unwrap().rows, Some(1));
}

#[tokio::test]
async fn what_cannot_be_read_is_told() {
    let mut world = World::of_file(To::DuckDb, "a.csv", "a\n1\n").await;
    world.write("a.xyz", "");
    std::fs::create_dir(world.folder.path().join("folder.csv")).unwrap();
    for (path, words) in [
        ("missing.csv", "no such file"),
        ("missing*.csv", "no file matches"),
        ("folder.csv", "not a file"),
        ("a.xyz", "how to read it"),
        ("a.*", "how to read it"),
    ] {
        world.read_files(path);
        let failure = world.failure().await;
        assert_eq!(
            (failure.code, failure.class, failure.side),
            (Code::InputFile, FailureClass::Permanent, Side::Source)
        );
        assert!(failure.message.contains(words), "{failure}");
    }
    assert!(!world.file_exists(), "nothing was to be written, so no database was made");
}
