//! Data that is odd or broken: told by its place, or loaded as it is; never guessed at.

use std::fmt::Write as _;
use std::io::Write as _;

use windlass::domain::code::Code;
use windlass::domain::failure::FailureClass;

use super::world::{BOTH, To, World};

/// So many records; one of them has text where the others have a number.
fn records(bad: Option<usize>) -> String {
    let mut text = String::new();
    for number in 0..100_000 {
        let value = if Some(number) == bad { "\"n/a\"".to_owned() } else { number.to_string() };
        writeln!(text, "{{\"a\":{value},\"b\":\"x\"}}").unwrap();
    }
    text
}

#[tokio::test]
async fn one_bad_record_among_many_is_named() {
    for to in BOTH {
        let mut world = World::of_file(to, "a.ndjson", records(Some(87_654))).await;
        world.execute("create table t (a bigint, b varchar(9)); insert into t values (42, 'x')").await;
        let failure = world.failure().await;
        assert_eq!(failure.class, FailureClass::Permanent);
        assert!(failure.message.contains("87655") && failure.message.contains("n/a"), "{failure}");
        world.write("a.csv", records(Some(87_654)).replace(['{', '}', '"'], "").replace("a:", "").replace("b:", ""));
        world.read_files("a.csv");
        world.files().csv.header = false;
        world.files().csv.names = vec!["a".into(), "b".into()];
        let failure = world.failure().await;
        assert!(failure.message.contains("87655") && failure.message.contains("n/a"), "{failure}");
        assert_eq!(world.value("select string_agg(a::varchar, ',') from t").await, "42");
        world.close().await;
    }
}

#[tokio::test]
async fn a_column_that_turns_out_to_hold_text_is_text_from_the_start() {
    let csv = records(Some(99_999)).replace(['{', '}', '"'], "").replace("a:", "").replace("b:", "");
    let mut world = World::of_file(To::DuckDb, "a.csv", format!("a,b\n{csv}")).await;
    assert_eq!(world.run().await.unwrap().rows, Some(100_000));
    assert_eq!(world.value("select any_value(typeof(a)) || max(a) from t").await, "VARCHARn/a");
    world.execute("drop table t").await;
    world.write("a.ndjson", records(Some(99_999)));
    world.read_files("a.ndjson");
    assert_eq!(world.run().await.unwrap().rows, Some(100_000));
    assert_eq!(world.value("select any_value(typeof(a)) || max(a->>'$') from t").await, "JSONn/a");
}

#[tokio::test]
async fn json_that_is_broken_or_ambiguous_is_refused_with_its_place() {
    let cases: [(&str, &[u8], &str); 4] = [
        ("a.json", b"[{\"a\": 1}, {\"a\": 1, \"a\": 2}]", "in record 2: Object {\"a\":1,\"a\":2} has duplicate key"),
        ("a.ndjson", b"{\"a\": 1}\n{\"a\": \"\xff\"}\n", "not valid JSON"),
        ("a.json", b"[{\"a\": \"\\ud800\"}]", "surrogate"),
        ("a.json", b"[{\"a\": 1}, {\"a\": tru}]", "not valid JSON: expected ident at line 1"),
    ];
    for (name, content, words) in cases {
        let world = World::of_file(To::DuckDb, name, content).await;
        let failure = world.failure().await;
        assert_eq!((failure.code, failure.class), (Code::BodyFormat, FailureClass::Permanent), "{failure}");
        assert!(failure.message.contains(words) && failure.message.contains(name), "{failure}");
        assert!(!failure.message.contains("/spool/"), "{failure}");
    }
}

#[tokio::test]
async fn deep_nesting_is_data_up_to_a_limit() {
    let nested = |levels: usize| {
        let (open, close) = ("{\"x\":".repeat(levels), "}".repeat(levels));
        format!("[{{\"a\": {open}1{close}, \"b\": {}{}}}]", "[".repeat(levels), "]".repeat(levels))
    };
    for to in BOTH {
        let mut world = World::of_file(to, "a.json", nested(999)).await;
        assert_eq!(world.run().await.unwrap().rows, Some(1));
        assert_eq!(world.value("select length(b::varchar) from t").await, "1998");
        world.write("a.json", nested(100_000));
        let failure = world.failure().await;
        assert_eq!((failure.code, failure.class), (Code::BodyFormat, FailureClass::Permanent));
        assert!(failure.message.contains("record 1 is nested more than 1000 levels deep"), "{failure}");
        // Records that should lie deeper than anything does.
        world.files().records = Some(format!("/0/a{}", "/x".repeat(9_990)));
        assert_eq!(world.failure().await.code, Code::BodyFormat);
        world.close().await;
    }
}

#[tokio::test]
async fn a_zero_byte_is_text_in_duckdb_and_refused_by_postgresql() {
    for (name, content) in
        [("a.csv", "a,b\nx,1\ny\0z,2\n"), ("a.json", "[{\"a\":\"x\",\"b\":1},{\"a\":\"y\\u0000z\",\"b\":2}]")]
    {
        let world = World::of_file(To::DuckDb, name, content).await;
        world.run().await.unwrap();
        assert_eq!(world.value("select length(a) from t where b = 2").await, "3", "{name}");
        let world = World::of_file(To::Postgres, name, content).await;
        let failure = world.failure().await;
        assert_eq!((failure.code, failure.sqlstate.as_deref()), (Code::PostgresData, Some("22021")), "{failure}");
        assert!(failure.message.contains("line 2"), "{failure}");
        world.close().await;
    }
}

#[tokio::test]
async fn a_small_file_that_unpacks_to_a_large_one_is_stopped() {
    let pack = |line: &str| {
        let mut packed = zstd::Encoder::new(Vec::new(), 0).unwrap();
        for _ in 0..200 {
            packed.write_all(&line.repeat(100_000).into_bytes()).unwrap();
        }
        packed.finish().unwrap()
    };
    let packed = pack("0,1\n");
    assert!(packed.len() < 100_000);
    for (name, content) in [("a.csv.zst", &packed), ("a.ndjson.zst", &pack("{\"a\":1}\n"))] {
        let mut world = World::of_file(To::DuckDb, name, content).await;
        world.files().max_bytes = Some(1_000_000);
        let failure = world.failure().await;
        assert_eq!(failure.code, Code::BodyTooLarge, "{failure}");
    }
    let world = World::of_file(To::DuckDb, "cut.csv.zst", &packed[..packed.len() / 2]).await;
    let failure = world.failure().await;
    assert_eq!((failure.code, failure.class), (Code::BodyFormat, FailureClass::Permanent), "{failure}");
}
