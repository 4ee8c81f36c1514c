//! Bodies that are not what was promised: one clear failure, and the table stays as it was.

use windlass::domain::code::Code;
use windlass::domain::failure::{FailureClass, Side};
use windlass::domain::step::BodyFormat;

use super::world::{BOTH, To, World, http};
use crate::fetch::{ok, raw_server};

#[tokio::test]
async fn each_says_what_came_and_changes_nothing() {
    let html = b"<!DOCTYPE html><title>Log in</title>";
    let cases: [(BodyFormat, &[u8], &str); 12] = [
        (BodyFormat::Json, b"", "the body is empty"),
        (BodyFormat::Csv, b" \n", "the body is empty"),
        (BodyFormat::Json, html, "expected JSON, HTML came: `<!DOCTYPE html><title>Log in</title>`"),
        (BodyFormat::Csv, html, "expected CSV, HTML came"),
        (BodyFormat::Json, b"[{\"a\": 1}, {\"a\":", "the JSON ends before its end"),
        (BodyFormat::Json, b"{\"a\": 1,}", "not valid JSON"),
        (BodyFormat::Ndjson, b"{\"a\": 1}\n{\"a\" 2}\n", "not valid JSON: expected `:` at line 2"),
        (BodyFormat::Ndjson, b"{\"a\": 1}\n[2]\n", "record 2 is an array, not an object"),
        (BodyFormat::Csv, b"a,b\n1,2\n3,4,5\n", "CSV Error on Line: 3"),
        (BodyFormat::Csv, b"a,b\n1,2\n3\n", "Expected Number of Columns: 2 Found: 1"),
        (BodyFormat::Csv, b"a,b\n1,2\n3,\"4", "unterminated quote"),
        (BodyFormat::Csv, b"a,b\n1,\xc1\xbe\n", "not utf-8 encoded"),
    ];
    for (format, body, words) in cases {
        let url = raw_server(vec![ok("Content-Type: text/html\r\n", body)]);
        let world = World::new(To::DuckDb, http(&url, format)).await;
        world.execute("create table t (a int); insert into t values (42)").await;
        let failure = world.failure().await;
        let told = String::from_utf8_lossy(body);
        assert_eq!((failure.code, failure.class), (Code::BodyFormat, FailureClass::Permanent), "{told}: {failure}");
        assert_eq!(failure.side, Side::Source);
        assert!(failure.message.contains(words), "{told}: {failure}");
        assert!(failure.message.contains(&url) && !failure.message.contains("/spool/"), "{failure}");
        assert_eq!(world.value("select string_agg(a::varchar, ',') from t").await, "42");
    }
}

#[tokio::test]
async fn a_wrong_or_unknown_charset_is_told() {
    for (charset, words) in [("EUC-KR", "not valid EUC-KR"), ("klingon", "its charset `klingon` is not known")] {
        let answer = ok(&format!("Content-Type: text/csv; charset=\"{charset}\"\r\n"), b"a\n\xff\xff\n");
        let world = World::new(To::DuckDb, http(&raw_server(vec![answer]), BodyFormat::Csv)).await;
        let failure = world.failure().await;
        assert_eq!(failure.code, Code::BodyFormat);
        assert!(failure.message.contains(words), "{failure}");
    }
}

#[tokio::test]
async fn a_compressed_body_is_measured_decompressed_and_read_to_its_end() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, &"a,b\n1,2\n".repeat(2_000_000).into_bytes()).unwrap();
    let body = encoder.finish().unwrap();
    assert!(body.len() < 100_000);
    let world = World::new(To::DuckDb, http(&raw_server(vec![ok("", &body)]), BodyFormat::Csv)).await;
    assert_eq!(world.failure().await.code, Code::BodyTooLarge);
    let half = &body[..body.len() / 2];
    let world = World::new(To::DuckDb, http(&raw_server(vec![ok("", half)]), BodyFormat::Ndjson)).await;
    let failure = world.failure().await;
    assert_eq!(failure.code, Code::BodyFormat);
}

#[tokio::test]
async fn what_does_not_fit_the_table_is_told_by_name_and_changes_nothing() {
    for to in BOTH {
        let mut world = World::of_file(to, "a.csv", "a,새_열,c\n1,2,3\n").await;
        world.execute("create table t (a int, c int, d int); insert into t values (42, 0, 0)").await;
        let failure = world.failure().await;
        assert_eq!((failure.code, failure.side), (Code::Expectation, Side::Target));
        assert!(failure.message.contains("columns that the table has not: `새_열`"), "{failure}");
        world.write("a.csv", "a,c\n1,2\n12x,3\n");
        let failure = world.failure().await;
        let code = if to == To::DuckDb { Code::BodyFormat } else { Code::PostgresData };
        assert_eq!((failure.code, failure.class), (code, FailureClass::Permanent), "{failure}");
        assert!(failure.message.contains("12x") && failure.message.contains('a'), "{failure}");
        world.step.into.table = "no_such_schema.t".into();
        let failure = world.failure().await;
        assert!(failure.message.contains("no_such_schema"), "{failure}");
        assert_eq!(world.value("select string_agg(concat_ws(',', a, c, d), ';') from t").await, "42,0,0");
        world.close().await;
    }
}

#[tokio::test]
async fn nesting_without_end_is_a_failure_and_not_the_end_of_the_daemon() {
    for (depth, loaded) in [(999, true), (200_000, false)] {
        let body = format!("[{{\"a\": {}{}}}]", "[".repeat(depth), "]".repeat(depth));
        let url = raw_server(vec![ok("", body.as_bytes())]);
        match World::new(To::DuckDb, http(&url, BodyFormat::Json)).await.run().await {
            Ok(outcome) => assert_eq!((outcome.rows, loaded), (Some(1), true)),
            Err(failure) => {
                assert_eq!((failure.code, loaded), (Code::BodyFormat, false), "{failure}");
                assert!(failure.message.contains("record 1 is nested more than 1000 levels deep"), "{failure}");
            }
        }
    }
}
