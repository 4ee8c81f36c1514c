//! Rows that can't be read, put aside beside the table.

use windlass::domain::code::Code;
use windlass::domain::failure::FailureClass;
use windlass::domain::step::{BadRows, Csv, LoadMode};

use super::world::{BOTH, To, World};

const CSV: &str = "a,b,c\n1,x,2026-11-20\nfoo,y,2026-11-21\n2,\"z\",\n3,too few\n4,too,many,fields\n5,\"\",2026-11-22\n\
                   6,not closed,\"2026\n";

/// What was put aside: line, column, and the beginning of the text.
const ASIDE: &str = "select string_agg(concat_ws('|', line, column_name, left(text, 9)), ';' order by line) from ";

const fn allowed(limit: u64) -> BadRows {
    BadRows { limit, table: None }
}

#[tokio::test]
async fn bad_rows_of_csv_go_beside_the_table_with_their_place() {
    for to in BOTH {
        for mode in [LoadMode::Replace, LoadMode::Append, LoadMode::Upsert] {
            let mut world = World::of_file(to, "a.csv", CSV).await;
            world.execute("create table t (a bigint, b varchar(20), c date)").await;
            world.step.into.mode = mode;
            world.step.into.key = vec!["a".into()];
            world.files().bad_rows = Some(allowed(4));
            let outcome = world.run().await.unwrap_or_else(|failure| panic!("{to:?} {mode:?}: {failure:?}"));
            assert_eq!((outcome.rows, outcome.rejected), (Some(3), Some(4)), "{to:?} {mode:?}");
            let rows = "select string_agg(concat_ws('|', a, b, c), ';' order by a) from t";
            assert_eq!(world.value(rows).await, "1|x|2026-11-20;2|z;5|2026-11-22", "{to:?}");
            let aside = world.value(&format!("{ASIDE}t_rejects")).await;
            assert_eq!(aside, "3|a|foo,y,202;5|c|3,too few;6|c|4,too,man;8|c|6,not clo", "{to:?}");
            let whole = "select count(*) from t_rejects where file like '%a.csv%' and error <> '' and step = 'step' \
                         and job = '시험' and run is not null and rejected_at is not null";
            assert_eq!(world.value(whole).await, "4");
            // A second attempt whose success nobody heard of doesn't put them aside twice.
            world.next_attempt();
            world.run().await.unwrap();
            assert_eq!(world.value("select count(*) from t_rejects").await, "4", "{to:?} {mode:?}");
            world.close().await;
        }
    }
}

#[tokio::test]
async fn one_bad_row_too_many_fails_the_load() {
    for to in BOTH {
        let mut world = World::of_file(to, "a.csv", CSV).await;
        world.execute("create table t (a int, b varchar(20), c date); insert into t values (42, 'x', null)").await;
        world.files().bad_rows = Some(allowed(3));
        let failure = world.failure().await;
        assert_eq!((failure.code, failure.class), (Code::BodyFormat, FailureClass::Permanent));
        assert!(failure.message.contains("a.csv`: more than 3 bad rows"), "{failure}");
        world.write("a.ndjson", "{\"a\": 1}\nnonsense\n{\"a\": 2\n");
        world.read_files("a.ndjson");
        world.files().bad_rows = Some(allowed(1));
        let failure = world.failure().await;
        assert!(
            failure.message.contains("more than 1 bad rows, which is their limit; line 3: not valid JSON"),
            "{failure}"
        );
        assert_eq!(world.value("select string_agg(a::varchar, ',') from t").await, "42");
        world.close().await;
    }
}

#[tokio::test]
async fn lines_of_ndjson_that_are_no_records_go_there_too() {
    for to in BOTH {
        let lines: [&[u8]; 7] =
            [b"{\"a\": 1, \"b\": \"x\"}", b"", b"{\"a\": 2, ", b"[3]", b"{\"a\": \"\xff\"}", b"a\0b", b"{\"a\": 4}"];
        let mut world = World::of_file(to, "a.ndjson", lines.join(&b'\n')).await;
        world.files().bad_rows = Some(BadRows { limit: 10, table: Some("나쁜_행".into()) });
        let outcome = world.run().await.unwrap();
        assert_eq!((outcome.rows, outcome.rejected), (Some(2), Some(4)));
        assert_eq!(world.value("select string_agg(concat_ws('|', a, b), ';' order by a) from t").await, "1|x;4");
        let aside = world.value(&format!("{ASIDE}\"나쁜_행\"")).await;
        assert_eq!(aside, "3|{\"a\": 2,;4|[3];5|{\"a\": \"\u{fffd}\";6|ab", "{to:?}");
        world.close().await;
    }
}

#[tokio::test]
async fn good_rows_lose_nothing_on_the_way_around_bad_ones() {
    for to in BOTH {
        let csv = "007;\\N;\"a;\"\"b\n\";NA\n12345678901234567890.10;\"\\N\";\"NA\";x\nbad\n";
        let mut world = World::of_file(to, "a.csv", csv).await;
        let names = ["n", "b", "c", "d"].map(str::to_owned).to_vec();
        world.files().csv = Csv { header: false, names, nulls: vec!["NA".into()], ..Csv::default() };
        world.files().bad_rows = Some(allowed(1));
        let number = if to == To::DuckDb { "decimal(38, 2)" } else { "numeric" };
        world.execute(&format!("create table t (n {number}, b varchar(9), c varchar(9), d varchar(9))")).await;
        world.run().await.unwrap();
        let rows = "select string_agg(concat_ws('|', n, b, c, d), ';' order by n) from t";
        let seven = if to == To::DuckDb { "7.00" } else { "7" };
        let expected = format!("{seven}|\\N|a;\"b\n;12345678901234567890.10|\\N|x");
        assert_eq!(world.value(rows).await, expected, "{to:?}");
        world.close().await;
    }
}

#[tokio::test]
async fn many_files_put_their_bad_rows_aside_together() {
    let mut world = World::of_file(To::DuckDb, "1.csv", "a,b\n1,x\n2\n").await;
    world.write("2.csv", "b,c,a\ny,z,3\ny\n");
    world.write("3.csv", "a\n");
    world.read_files("?.csv");
    world.files().bad_rows = Some(allowed(2));
    let outcome = world.run().await.unwrap();
    assert_eq!((outcome.rows, outcome.rejected, outcome.files), (Some(2), Some(2), Some(3)));
    assert_eq!(world.value("select string_agg(concat_ws('|', a, b, c), ';' order by a) from t").await, "1|x;3|y|z");
    let files = "select string_agg(right(file, 6) || line, ';' order by file) from t_rejects";
    assert_eq!(world.value(files).await, "1.csv`3;2.csv`3");
}
