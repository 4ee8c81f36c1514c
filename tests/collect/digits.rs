//! Numbers within nested values, which keep every digit.

use windlass::domain::step::{BadRows, ColumnType, LoadMode};

use super::world::{BOTH, To, World};

/// Numbers that a `double` doesn't keep, and texts that look like them.
const DOCUMENT: &str = r#"{"p": 0.1234567890123456789, "l": [1e400, -12345678901234567890.5, 1.10], "n": 123456789012345678901234567890, "t": "1e400 \"가\""}"#;

/// One that keeps all of its digits anyway.
const PLAIN: &str = r#"{"p": 1.5}"#;

/// The document as a target shows it, without the spaces between its parts.
fn shown(text: &str) -> String {
    text.replace("1e400", &format!("1{}", "0".repeat(400))).replace(": ", ":").replace(", ", ",")
}

/// All documents of the table as text, in the order of `id`.
async fn documents(world: &World) -> String {
    let all = world.value("select string_agg(coalesce(d::text, 'nothing'), ' ' order by id) from t").await;
    shown(&all)
}

#[tokio::test]
async fn numbers_in_nested_values_keep_every_digit() {
    let body = format!(
        "{{\"id\": 1, \"d\": {DOCUMENT}}}\n{{\"id\": 2, \"d\": {PLAIN}}}\n{{\"id\": 3, \"d\": null}}\n{{\"id\": 4, \"d\": [0.30]}}\n"
    );
    let expected = shown(&format!("{DOCUMENT} {PLAIN} nothing [0.30]"));
    for to in BOTH {
        let mut world = World::of_file(to, "a.ndjson", &body).await;
        // The types are inferred first, then they are the table's.
        for mode in [LoadMode::Replace, LoadMode::Replace, LoadMode::Append] {
            world.next_run();
            world.step.into.mode = mode;
            if mode == LoadMode::Append {
                world.execute("delete from t").await;
                world.files().bad_rows = Some(BadRows { limit: 1, table: None });
            }
            world.run().await.unwrap();
            // PostgreSQL's `jsonb` writes out what stands behind an exponent, in another order of names.
            let found = documents(&world).await;
            let sorted = |text: &str| {
                let mut parts: Vec<_> = text.split([',', '{', '}', ' ']).map(str::to_owned).collect();
                parts.sort();
                parts
            };
            assert_eq!(sorted(&found), sorted(&expected), "{to:?} {mode:?}: {found}");
        }
        world.close().await;
    }
}

#[tokio::test]
async fn a_column_of_json_keeps_digits_of_numbers_beside_texts() {
    let body =
        r#"[{"id": 1, "d": 0.1234567890123456789}, {"id": 2, "d": "0.10"}, {"id": 3, "d": [0.10]}, {"id": 4, "d": 7}]"#;
    for to in BOTH {
        let mut world = World::of_file(to, "a.json", body).await;
        let json = if to == To::DuckDb { "JSON" } else { "jsonb" };
        world.step.into.columns = vec![ColumnType { name: "d".into(), sql_type: json.into() }];
        world.run().await.unwrap();
        assert_eq!(documents(&world).await, r#"0.1234567890123456789 "0.10" [0.10] 7"#, "{to:?}");
        world.close().await;
    }
}

#[tokio::test]
async fn a_nested_value_in_a_column_of_text_is_what_was_written() {
    for to in BOTH {
        let world = World::of_file(to, "a.json", r#"[{"id": 1, "d": {"a": 0.10}}, {"id": 2, "d": {"a":0.1}}]"#).await;
        world.execute("create table t (id int, d varchar)").await;
        world.run().await.unwrap();
        assert_eq!(documents(&world).await, r#"{"a":0.10} {"a":0.1}"#, "{to:?}");
        world.close().await;
    }
}
