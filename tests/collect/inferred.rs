//! Types are inferred from all of the data, however few of its records DuckDB is shown.

use std::fmt::Write as _;

use duckdb::Connection;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use windlass::domain::step::CollectSource;

use super::world::{BOTH, To, World};
use crate::support::flags;

/// Values that are alike, nearly alike, and not at all.
const VALUES: [&str; 60] = [
    "null",
    "true",
    "1",
    "2",
    "-1",
    "-0",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "1.5",
    "2.25",
    "1e5",
    "1e400",
    "\"\"",
    "\"x\"",
    "\"y\"",
    "\"삼성\"",
    "\"\\uc0bc\\uc131\"",
    "\"005930\"",
    "\"12\"",
    "\"epoch\"",
    "\"infinity\"",
    "\"-\"",
    "\"face\"",
    "\"2026-01-02\"",
    "\"2026-03-04\"",
    "\"2026-02-30\"",
    "\"26-01-02\"",
    "\"01-02-2026\"",
    "\" 2026-01-02\"",
    "\"2026-01-02 03:04:05\"",
    "\"2026-02-03 04:05:06\"",
    "\"2026-01-02 24:00:00\"",
    "\"2026-01-02 03:04:05.123\"",
    "\"2026-01-02 03:04:05.1\"",
    "\"2026-01-02 03:04:05.123456\"",
    "\"2026-01-02T03:04:05\"",
    "\"2026-01-02T03:04:05Z\"",
    "\"2026-01-02T03:04:05.123Z\"",
    "\"2026-01-02T03:04:05+09:00\"",
    "\"2026-01-02T03:04:05-05:30\"",
    "\"03:04:05\"",
    "\"23:59:59\"",
    "\"24:00:00\"",
    "\"03:04\"",
    "\"010-1234-5678\"",
    "\"123-45-67890\"",
    "\"6f9619ff-8b86-d011-b42d-00c04fc964ff\"",
    "\"6F9619FF-8B86-D011-B42D-00C04FC964FF\"",
    "\"6f9619ff8b86d011b42d00c04fc964ff\"",
    "[]",
    "[1]",
    "[\"2026-01-02\"]",
    "{}",
    "{\"x\": 1}",
    "{\"y\": {\"z\": 1}}",
    "\"\\u0032026-01-02\"",
    "\"2026-01-02 \"",
    "\"2026-01-02, about 10:00\"",
    "\"now\"",
];

const NAMES: [&str; 6] = ["a", "b", "d", "c", "\\u0061", "나"];

/// Records with a few kinds of values in each column, and a few names.
fn records(rng: &mut StdRng) -> String {
    let kinds: Vec<Vec<&str>> = NAMES
        .iter()
        .map(|_| {
            let count = rng.random_range(1..4);
            VALUES.sample(rng, count).copied().collect()
        })
        .collect();
    let mut text = String::new();
    for _ in 0..rng.random_range(1..12) {
        let mut fields = Vec::new();
        for (name, kinds) in NAMES.iter().zip(&kinds) {
            let often = if *name == "a" || *name == "b" { 0.9 } else { 0.1 };
            if rng.random_bool(often) {
                fields.push(format!("\"{name}\": {}", kinds.choose(rng).unwrap()));
            }
        }
        writeln!(text, "{{{}}}", fields.join(", ")).unwrap();
    }
    text
}

/// What DuckDB makes of all records: the columns and their types, and the rows as text. `None` if it can't.
fn whole(connection: &Connection, path: &str) -> Option<String> {
    let options = "format = 'newline_delimited', records = true";
    let inference = "sample_size = -1, maximum_depth = 2, map_inference_threshold = -1, field_appearance_threshold = 0";
    let call = format!("read_json('{path}', {options}, {inference})");
    let mut statement = connection.prepare(&format!("describe select * from {call}")).ok()?;
    let columns = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).ok()?;
    let columns: Vec<(String, String)> = columns.collect::<Result<_, _>>().ok()?;
    let settled = columns.iter().map(|(name, inferred)| {
        let nested = ["STRUCT(", "MAP("].iter().any(|kind| inferred.starts_with(kind)) || inferred.ends_with("[]");
        format!("'{name}': '{}'", if nested { "JSON" } else { inferred })
    });
    let settled = settled.collect::<Vec<_>>().join(", ");
    let make =
        format!("create or replace table t as select * from read_json('{path}', {options}, columns = {{{settled}}})");
    connection.execute_batch(&make).ok()?;
    connection.query_row(SHAPE, [], |row| row.get(0)).ok()
}

/// The columns of `t` with their types, and its rows.
const SHAPE: &str = "select (select string_agg(column_name || ' ' || data_type, ', ' order by column_index) from duckdb_columns() \
                     where table_name = 't') || ': ' || (select string_agg(t::varchar, ', ') from t)";

#[tokio::test]
async fn from_the_records_that_are_shown_the_same_types_follow_as_from_all() {
    let rounds = flags::number("WINDLASS_TEST_RECORDS", 60);
    let (mut rng, oracle) = (StdRng::seed_from_u64(flags::seed()), Connection::open_in_memory().unwrap());
    for _ in 0..rounds {
        let text = records(&mut rng);
        let world = World::of_file(To::DuckDb, "a.ndjson", &text).await;
        let expected = whole(&oracle, &world.folder.path().join("a.ndjson").display().to_string());
        match (world.run().await, expected) {
            (Ok(_), Some(expected)) => assert_eq!(world.value(SHAPE).await, expected, "{text}"),
            (Err(_), None) => {}
            (result, expected) => panic!("{result:?} {expected:?} {text}"),
        }
    }
}

#[tokio::test]
async fn a_long_document_is_right_from_its_first_byte_to_its_last() {
    let rows: Vec<String> =
        (0..60_000).map(|number| format!("{{\"a\": {number},\n \"b\": \"of some length, {number}\"}}")).collect();
    let rows = rows.join(",\n");
    let document =
        |middle: &str, end: &str| format!("{{\"meta\": [1, {{\"n\": 2}}], \"data\": {{\"rows\": [{rows}{middle}{end}");
    let cases = [
        (document("", "], \"total\": 3}}"), Ok(60_000)),
        (document("", "], \"rows\": [{\"a\": 1, \"b\": \"\"}]}}"), Ok(60_001)),
        (document("", "]}}]"), Err("trailing characters at line 120000")),
        (document("", "]}"), Err("the JSON ends before its end")),
        (document(",", "]}}"), Err("not valid JSON: trailing comma at line 120000")),
        (document(" {}", "]}}"), Err("not valid JSON: expected `,` or `]` at line 120000")),
        (document("", "], \"rows\": 3}}"), Err("`/data/rows` is a number, not an array")),
        (document(", 7", "]}}"), Err("record 60001 is a number, not an object")),
    ];
    for (text, expected) in cases {
        let mut world = World::of_file(To::DuckDb, "a.json", &text).await;
        let CollectSource::File(source) = &mut world.step.source else { unreachable!() };
        source.records = Some("/data/rows".into());
        match (world.run().await, expected) {
            (Ok(outcome), Ok(rows)) => assert_eq!(outcome.rows, Some(rows)),
            (Err(failure), Err(words)) => assert!(failure.message.contains(words), "{failure}"),
            (result, expected) => panic!("{result:?} {expected:?}"),
        }
    }
}

#[tokio::test]
async fn where_the_table_has_all_columns_the_first_rows_are_told_and_all_are_loaded() {
    const ROWS: usize = 600_000;
    for to in BOTH {
        let mut text = "a,b\n".to_owned();
        (0..ROWS).for_each(|number| writeln!(text, "{number},x").unwrap());
        let world = World::of_file(to, "a.csv", &text).await;
        world.execute("create table t (a bigint, b varchar(20))").await;
        assert_eq!(world.run().await.unwrap().rows, Some(ROWS as u64), "{to:?}");
        assert!(world.host.find("columns of the data, by its first 20480 rows: `a` (BIGINT), `b` (VARCHAR)").is_some());
        // Each once, and in their order.
        let order = if to == To::DuckDb { "rowid = a" } else { "(ctid::text::point)[0] >= 0" };
        let right = format!(
            "select concat_ws(' ', count(*), count(distinct a), sum(a), count(*) filter (where {order})) from t"
        );
        let sum = ROWS * (ROWS - 1) / 2;
        assert_eq!(world.value(&right).await, format!("{ROWS} {ROWS} {sum} {ROWS}"), "{to:?}");
        world.write("a.csv", format!("{text}1,2,3\n"));
        let failure = world.failure().await;
        assert!(failure.message.contains(&format!("Line: {}", ROWS + 2)), "{failure}");
        world.close().await;
    }
}
