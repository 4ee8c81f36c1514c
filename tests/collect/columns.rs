//! Columns that the table hasn't, columns that say which load a row came with, and digits that are kept.

use windlass::domain::code::Code;
use windlass::domain::step::{ColumnType, LoadColumns, LoadMode, NewColumns};

use super::world::{BOTH, To, World};

const MODES: [LoadMode; 3] = [LoadMode::Replace, LoadMode::Append, LoadMode::Upsert];

#[tokio::test]
async fn new_columns_are_added_left_out_or_refused() {
    for to in BOTH {
        for mode in MODES {
            let mut world = World::of_file(to, "a.csv", "a,새_열,day\n1,2,2026-11-20\n").await;
            world.execute("create table t (a int primary key); insert into t values (1)").await;
            world.step.into.mode = mode;
            // A key that is there once only.
            world.step.into.key = vec!["a".into()];
            if mode == LoadMode::Append {
                world.write("a.csv", "a,새_열,day\n2,2,2026-11-20\n");
            }
            let failure = world.failure().await;
            assert_eq!(failure.code, Code::Expectation);
            assert!(
                failure.message.contains("columns that the table has not: `새_열` (BIGINT), `day` (DATE)"),
                "{failure}"
            );
            world.step.into.new_columns = NewColumns::Add;
            world.next_attempt();
            let outcome = world.run().await.unwrap_or_else(|failure| panic!("{to:?} {mode:?}: {failure:?}"));
            assert_eq!(outcome.new_columns, ["새_열", "day"], "{to:?} {mode:?}");
            let types = "select string_agg(column_name || ' ' || lower(data_type), ', ' order by ordinal_position) \
                         from information_schema.columns where table_name = 't'";
            assert_eq!(world.value(types).await, "a integer, 새_열 bigint, day date");
            let rows = "select string_agg(concat_ws('|', a, \"새_열\", day), ';' order by a) from t";
            let expected = if mode == LoadMode::Append { "1;2|2|2026-11-20" } else { "1|2|2026-11-20" };
            assert_eq!(world.value(rows).await, expected, "{to:?} {mode:?}");
            world.step.into.new_columns = NewColumns::Ignore;
            world.write("a.csv", "unknown,a,day\n7,3,2026-11-21\n");
            world.next_run();
            assert!(world.run().await.unwrap().new_columns.is_empty());
            assert_eq!(world.value("select max(day) from t").await, "2026-11-21");
            assert!(world.host.find("left out: `unknown`").is_some());
            world.close().await;
        }
    }
}

#[tokio::test]
async fn load_columns_are_added_whatever_becomes_of_other_new_ones() {
    for to in BOTH {
        for mode in MODES {
            let mut world = World::of_file(to, "a.csv", "a\n1\n2\n").await;
            world.execute("create table t (a int); insert into t values (42)").await;
            let (load_id, loaded_at) = (Some("_load_id".into()), Some("_loaded_at".into()));
            world.step.into.load_columns = LoadColumns { load_id, loaded_at };
            world.step.into.mode = mode;
            world.step.into.key = vec!["a".into()];
            let outcome = world.run().await.unwrap_or_else(|failure| panic!("{to:?} {mode:?}: {failure:?}"));
            assert_eq!(outcome.new_columns, ["_load_id", "_loaded_at"]);
            let marked = format!(
                "select count(*) from t where _load_id = '{}' and _loaded_at between now() - interval '1 hour' and now()",
                world.context.run
            );
            assert_eq!(world.value(&marked).await, "2", "{to:?} {mode:?}");
            world.next_run();
            assert!(world.run().await.unwrap().new_columns.is_empty());
            let loads = if mode == LoadMode::Append { "2" } else { "1" };
            assert_eq!(world.value("select count(distinct _load_id) from t").await, loads, "{to:?} {mode:?}");
            world.execute("drop table t").await;
            world.next_run();
            world.run().await.unwrap();
            world.close().await;
        }
    }
}

#[tokio::test]
async fn the_types_of_the_data_are_told_and_where_the_table_has_others() {
    for to in BOTH {
        let world = World::of_file(to, "a.csv", "a,b\n1,2026-11-20\n").await;
        world.execute("create table t (a bigint, b varchar(20))").await;
        world.run().await.unwrap();
        assert!(world.host.find("columns of the data: `a` (BIGINT), `b` (DATE)").is_some());
        let table =
            if to == To::DuckDb { "VARCHAR and looks like DATE" } else { "character varying(20) and looks like date" };
        assert!(world.host.find(&format!("looks like others: `b` is {table}")).is_some(), "{to:?}");
        world.close().await;
    }
}

#[tokio::test]
async fn decimals_of_json_keep_all_of_their_digits() {
    let digits = "12345678901234567890.123456789012345678";
    let small = "0.1000000000000000000000000000000000001";
    for to in BOTH {
        for exists in [true, false] {
            let json = format!(
                "[{{\"id\": 1, \"n\": {digits}, \"s\": {small}, \"w\": 1.10}}, {{\"id\": 2, \"n\": -2e5, \"s\": null}}]"
            );
            let mut world = World::of_file(to, "a.json", json).await;
            let (wide, deep) = match to {
                To::DuckDb => ("DECIMAL(38,18)", "DECIMAL(38,37)"),
                To::Postgres => ("numeric", "numeric(38,37)"),
            };
            if exists {
                world.execute(&format!("create table t (id int, n {wide}, s {deep}, w varchar(9))")).await;
            } else {
                let declared = |name: &str, sql_type: &str| ColumnType { name: name.into(), sql_type: sql_type.into() };
                let text = if to == To::DuckDb { "VARCHAR" } else { "text" };
                world.step.into.columns = vec![declared("n", wide), declared("s", deep), declared("w", text)];
            }
            world.run().await.unwrap_or_else(|failure| panic!("{to:?}: {failure:?}"));
            let row = "select concat_ws('|', n, s, w) from t where id = 1";
            assert_eq!(world.value(row).await, format!("{digits}|{small}|1.10"), "{to:?} {exists}");
            assert_eq!(world.value("select n = -200000 from t where id = 2").await, "true");
            world.close().await;
        }
    }
}
