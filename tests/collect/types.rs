//! What is in the table afterwards: names, types and values, from each format into each database.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use windlass::domain::step::{BodyFormat, CollectSource, ColumnType, LoadMode};

use super::world::{BOTH, To, World, http};
use crate::fetch::{ok, raw_server};

const ROWS: &str = "select string_agg(concat_ws('|', \"종목\", price, name, day), ';' order by \"종목\") from t";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The table's columns and types.
async fn shape(world: &World) -> String {
    let sql = "select string_agg(column_name || ' ' || lower(data_type), ', ' order by ordinal_position) \
               from information_schema.columns where table_name = 't'";
    world.value(sql).await
}

#[tokio::test]
async fn every_format_arrives_with_its_types() {
    let document = r#"{"result": {"rows": [
        {"종목": "005930", "price": 1.5, "name": "삼성\n전자", "day": "2026-11-20"},
        {"종목": "x'; drop table t", "price": null, "name": "", "day": "2026-11-21"}]}}"#;
    let lines = "{\"종목\":\"005930\",\"price\":1.5,\"name\":\"삼성\\n전자\",\"day\":\"2026-11-20\"}\n\
                 {\"종목\":\"x'; drop table t\",\"name\":\"\",\"day\":\"2026-11-21\"}\n";
    let csv =
        "\u{feff}종목,price,name,day\r\n005930,1.5,\"삼성\n전자\",2026-11-20\r\nx'; drop table t,,,2026-11-21\r\n";
    let (euc_kr, _, _) = encoding_rs::EUC_KR.encode(csv.trim_start_matches('\u{feff}'));
    let bodies = [
        (BodyFormat::Json, "application/json", document.as_bytes().to_vec()),
        (BodyFormat::Ndjson, "application/x-ndjson", lines.as_bytes().to_vec()),
        (BodyFormat::Csv, "text/csv", csv.as_bytes().to_vec()),
        (BodyFormat::Csv, "application/gzip", gzip(csv.as_bytes())),
        (BodyFormat::Json, "application/gzip", gzip(document.as_bytes())),
        (BodyFormat::Csv, "text/csv; charset=EUC-KR", euc_kr.into_owned()),
    ];
    for to in BOTH {
        for (format, content_type, body) in &bodies {
            let answer = ok(&format!("Content-Type: {content_type}\r\n"), body);
            let mut world = World::new(to, http(&raw_server(vec![answer]), *format)).await;
            if let (CollectSource::Http(source), BodyFormat::Json) = (&mut world.step.source, format) {
                source.records = Some("/result/rows".into());
            }
            let outcome = world.run().await.unwrap_or_else(|failure| panic!("{to:?} {content_type}: {failure:?}"));
            assert_eq!((outcome.rows, outcome.bytes), (Some(2), Some(body.len() as u64)), "{to:?} {content_type}");
            assert_eq!(outcome.table.as_deref(), Some("t"));
            let rows = world.value(ROWS).await;
            let empty = if *format == BodyFormat::Csv { "" } else { "|" };
            assert_eq!(
                rows,
                format!("005930|1.5|삼성\n전자|2026-11-20;x'; drop table t{empty}|2026-11-21"),
                "{to:?} {content_type}"
            );
            let types = match to {
                To::DuckDb => "종목 varchar, price double, name varchar, day date",
                To::Postgres => "종목 text, price double precision, name text, day date",
            };
            assert_eq!(shape(&world).await, types, "{content_type}");
            world.close().await;
        }
    }
}

#[tokio::test]
async fn declared_types_win_and_lose_nothing() {
    for to in BOTH {
        let csv = "code,amount,note\n005930,12345678901234567.10,007\n000660,2,008\n";
        let mut world = World::of_file(to, "a.csv", csv).await;
        let (text, number) = if to == To::DuckDb { ("VARCHAR", "DECIMAL(30,2)") } else { ("text", "numeric(30,2)") };
        let declared = |name: &str, sql_type: &str| ColumnType { name: name.into(), sql_type: sql_type.into() };
        world.step.into.columns = vec![declared("code", text), declared("amount", number)];
        world.run().await.unwrap();
        let rows = "select string_agg(concat_ws('|', code, amount, note), ';' order by code) from t";
        assert_eq!(world.value(rows).await, "000660|2.00|008;005930|12345678901234567.10|007", "{to:?}");
        world.close().await;
    }
}

#[tokio::test]
async fn a_table_that_exists_keeps_its_shape_and_says_what_values_are() {
    for to in BOTH {
        let json = r#"[{"Code": "1", "seen": "2026-11-20T09:00:00+09:00", "doc": {"b": [1, 2]}, "price": 1}]"#;
        let mut world = World::of_file(to, "a.json", json).await;
        let document = if to == To::DuckDb { "json" } else { "jsonb" };
        world
            .execute(&format!(
                "create table t (id int default 7, \"Code\" varchar(20) primary key, seen timestamp with time zone, \
                 doc {document}, price numeric(12,2)); insert into t values (1, 'old', null, null, null)"
            ))
            .await;
        for mode in [LoadMode::Replace, LoadMode::Replace, LoadMode::Upsert] {
            world.step.into.mode = mode;
            world.step.into.key = vec!["Code".into()];
            world.next_run();
            world.run().await.unwrap();
            let rows = "select string_agg(concat_ws('|', id, \"Code\", seen = '2026-11-20 00:00:00+00', doc, price), ';') from t";
            let doc = if to == To::DuckDb { "{\"b\":[1,2]}" } else { "{\"b\": [1, 2]}" };
            let yes = if to == To::DuckDb { "true" } else { "t" };
            assert_eq!(world.value(rows).await, format!("7|1|{yes}|{doc}|1.00"), "{to:?}");
        }
        world.close().await;
    }
}

#[tokio::test]
async fn names_are_taken_literally_and_nested_values_become_json() {
    for to in BOTH {
        let mut world =
            World::of_file(to, "a.json", r#"[{"we\"ird, 이름": {"a": [1]}, "l": [1, 2], "select": true}]"#).await;
        world.execute("create schema \"스키마\"").await;
        world.step.into.table = "스키마.\"my.table \"\"x\"\"\"".into();
        world.run().await.unwrap();
        let row = "select concat_ws('|', \"we\"\"ird, 이름\", l, \"select\") from \"스키마\".\"my.table \"\"x\"\"\"";
        let expected = if to == To::DuckDb { "{\"a\":[1]}|[1,2]|true" } else { "{\"a\": [1]}|[1, 2]|t" };
        assert_eq!(world.value(row).await, expected);
        world.close().await;
    }
}

#[tokio::test]
async fn parquet_types_go_over() {
    for to in BOTH {
        let mut world = World::of_file(to, "unused", "").await;
        let path = world.folder.path().join("a.parquet");
        let make = format!(
            "copy (select '\\x00\\xFFa'::blob as raw, {{'k': 1}} as s, [1, null] as l, 12.50::decimal(10,2) as d, \
             timestamptz '2026-11-20 00:00:00+00' as seen, ''::varchar as e, null::varchar as n, 255::utinyint as u) \
             to '{}' (format parquet)",
            path.display()
        );
        duckdb::Connection::open_in_memory().unwrap().execute_batch(&make).unwrap();
        world.read_files("*.parquet");
        assert_eq!(world.run().await.unwrap().rows, Some(1));
        let is_right = match to {
            To::DuckDb => {
                "select raw = '\\x00\\xFFa'::blob and s.k = 1 and l[1] = 1 and d = 12.5 and e = '' and n is null \
                           and u = 255 and seen = timestamptz '2026-11-20 00:00:00+00' from t"
            }
            To::Postgres => {
                "select raw = '\\x00ff61' and s = '{\"k\": 1}' and l = '[1, null]' and d = 12.5 and e = '' \
                             and n is null and u = 255 and seen = timestamptz '2026-11-20 00:00:00+00' from t"
            }
        };
        assert_eq!(world.value(is_right).await, "true", "{to:?}");
        world.close().await;
    }
}

#[tokio::test]
async fn fields_whose_names_differ_in_capitals_are_columns_of_their_own() {
    for to in BOTH {
        let body = "{\"a\": 1, \"A\": 2, \"\": 3}\n{\"A\": 5, \"a\": 4}\n";
        let mut world = World::of_file(to, "a.ndjson", body).await;
        for mode in [LoadMode::Replace, LoadMode::Append] {
            world.next_run();
            world.step.into.mode = mode;
            world.run().await.unwrap();
        }
        let rows = "select string_agg(concat_ws('|', a, \"A_1\", \"C2\"), ';' order by a) from t";
        assert_eq!(world.value(rows).await, "1|2|3;1|2|3;4|5;4|5", "{to:?}");
        world.close().await;
    }
}
