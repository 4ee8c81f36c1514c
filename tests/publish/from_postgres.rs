//! Replicas of PostgreSQL tables and queries.

use std::collections::BTreeMap;

use tempfile::TempDir;
use windlass::domain::code::Code;
use windlass::domain::failure::{Failure, FailureClass, Side};
use windlass::domain::observation::Observation;
use windlass::domain::outcome::Outcome;
use windlass::domain::step::{CopySource, PublishSource, PublishStep, PublishTable, StepKind};
use windlass::steps::Connection;

use super::world::{ask, names_in, publish_step, reader, value};
use crate::support::host::{MemoryHost, attempt};
use crate::support::{TestDatabase, server};

/// A database, a step that publishes from it to `replica/r.db`, and a way to run it.
struct World {
    database: TestDatabase,
    folder: TempDir,
    step: PublishStep,
}

impl World {
    async fn new(statements: &str, tables: Vec<PublishTable>) -> Self {
        let database = server().database().await;
        database.execute(statements).await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("replica")).unwrap();
        let source = PublishSource::Postgres { connection: "source".to_owned(), tables };
        let step = PublishStep { source, ..publish_step("replica/r.db", windlass::domain::step::PublishMethod::Auto) };
        Self { database, folder, step }
    }

    fn attempt(&self) -> (windlass::steps::StepContext, std::sync::Arc<MemoryHost>) {
        let source = Connection::Postgres(self.database.server());
        attempt(self.folder.path(), BTreeMap::from([("source".to_owned(), source)]))
    }

    async fn publish(&self) -> Result<Outcome, Failure> {
        let (context, _host) = self.attempt();
        self.publish_in(&context).await
    }

    async fn publish_in(&self, context: &windlass::steps::StepContext) -> Result<Outcome, Failure> {
        let kind = StepKind::PublishReplica(self.step.clone());
        let result = Box::pin(windlass::steps::run(&kind, context)).await;
        assert!(!self.folder.path().join("spool").exists(), "rows went through the spool");
        result
    }

    fn ask(&self, query: &str) -> String {
        ask(&self.folder.path().join("replica/r.db"), query)
    }

    fn beside(&self) -> Vec<String> {
        names_in(&self.folder.path().join("replica"))
    }
}

fn table(name: &str, table: &str) -> PublishTable {
    let source = CopySource::Table { table: table.into(), columns: Vec::new(), condition: None };
    PublishTable { name: name.to_owned(), source }
}

fn query(name: &str, query: &str) -> PublishTable {
    PublishTable { name: name.to_owned(), source: CopySource::Query(query.into()) }
}

/// A value as PostgreSQL is given it, and as DuckDB writes it.
type Pair = (&'static str, &'static str);

/// PostgreSQL's type, DuckDB's type, and values.
const VALUES: &[(&str, &str, &[Pair])] = &[
    ("boolean", "BOOLEAN", &[("true", "true"), ("false", "false")]),
    ("smallint", "SMALLINT", &[("-32768", "-32768")]),
    ("integer", "INTEGER", &[("2147483647", "2147483647")]),
    ("bigint", "BIGINT", &[("-9223372036854775808", "-9223372036854775808")]),
    ("oid", "UINTEGER", &[("4294967295", "4294967295")]),
    ("real", "FLOAT", &[("1e-45", "1e-45"), ("NaN", "nan"), ("-Infinity", "-inf")]),
    (
        "double precision",
        "DOUBLE",
        &[("0.1", "0.1"), ("2.2250738585072014e-308", "2.2250738585072014e-308"), ("Infinity", "inf")],
    ),
    ("numeric(12,2)", "DECIMAL(12,2)", &[("-1234567890.12", "-1234567890.12")]),
    (
        "numeric(38,10)",
        "DECIMAL(38,10)",
        &[("1234567890123456789012345678.0123456789", "1234567890123456789012345678.0123456789")],
    ),
    (
        "numeric",
        "DECIMAL(38,3)",
        &[
            ("1.5", "1.500"),
            ("-0.125", "-0.125"),
            ("12345678901234567890123456789012345", "12345678901234567890123456789012345.000"),
        ],
    ),
    (
        "numeric(50,2)",
        "VARCHAR",
        &[("123456789012345678901234567890123456789012.25", "123456789012345678901234567890123456789012.25")],
    ),
    ("numeric(4,2)", "DECIMAL(4,2)", &[("-99.99", "-99.99"), ("0", "0.00")]),
    ("numeric(9,0)", "DECIMAL(9,0)", &[("999999999", "999999999"), ("-10000", "-10000")]),
    ("numeric(18,6)", "DECIMAL(18,6)", &[("-999999999999.999999", "-999999999999.999999"), ("0.0001", "0.000100")]),
    (
        "numeric(38,38)",
        "DECIMAL(38,38)",
        &[("0.99999999999999999999999999999999999999", ".99999999999999999999999999999999999999")],
    ),
    (
        "text",
        "VARCHAR",
        &[
            ("", ""),
            ("\\N", "\\N"),
            ("한글 \"따옴표\", 쉼표\n새 줄\r\t\\.", "한글 \"따옴표\", 쉼표\n새 줄\r\t\\."),
            ("😀 ' ;", "😀 ' ;"),
        ],
    ),
    ("varchar(20)", "VARCHAR", &[(" spaced ", " spaced "), ("null", "null")]),
    ("char(4)", "VARCHAR", &[("ab", "ab  ")]),
    ("date", "DATE", &[("2024-02-29", "2024-02-29"), ("0044-03-15 BC", "0044-03-15 (BC)"), ("infinity", "infinity")]),
    (
        "date",
        "DATE",
        &[("4713-11-24 BC", "4713-11-24 (BC)"), ("5874897-12-31", "5874897-12-31"), ("-infinity", "-infinity")],
    ),
    ("time", "TIME", &[("23:59:59.999999", "23:59:59.999999"), ("24:00:00", "24:00:00")]),
    (
        "timetz",
        "TIME WITH TIME ZONE",
        &[
            ("01:02:03.5+09", "01:02:03.5+09"),
            ("24:00:00-15:59:59", "24:00:00-15:59:59"),
            ("00:00:00+15:59:59", "00:00:00+15:59:59"),
        ],
    ),
    (
        "timestamp",
        "TIMESTAMP",
        &[
            ("2026-11-20 21:30:00.123456", "2026-11-20 21:30:00.123456"),
            ("0044-03-15 01:02:03 BC", "0044-03-15 (BC) 01:02:03"),
            ("-infinity", "-infinity"),
            ("4713-11-24 00:00:00 BC", "4713-11-24 (BC) 00:00:00"),
            ("294246-12-31 23:59:59.999999", "294246-12-31 23:59:59.999999"),
        ],
    ),
    (
        "timestamptz",
        "TIMESTAMP WITH TIME ZONE",
        &[
            ("2026-11-20 21:30:00.5+09", "2026-11-20 12:30:00.5+00"),
            ("1900-01-01 00:00:00+08:27:52", "1899-12-31 15:32:08+00"),
        ],
    ),
    (
        "interval",
        "INTERVAL",
        &[
            ("1 year 2 mons -3 days 04:05:06.5", "1 year 2 months -3 days 04:05:06.5"),
            ("-1 years -2 mons +3 days -04:05:06", "-1 year -2 months 3 days -04:05:06"),
            ("2562047788:00:54.775807", "2562047788:00:54.775807"),
        ],
    ),
    ("uuid", "UUID", &[("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")]),
    ("json", "JSON", &[("{\"키\": [1, null, \"a,\\\"b\"]}", "{\"키\": [1, null, \"a,\\\"b\"]}")]),
    ("jsonb", "JSON", &[("{\"b\": 1, \"a\": {}}", "{\"a\": {}, \"b\": 1}")]),
    ("bytea", "BLOB", &[("\\x00ff275c22", "\\x00\\xFF\\x27\\x5C\\x22"), ("\\x", "")]),
    ("integer[]", "INTEGER[]", &[("{1,NULL,3}", "[1, NULL, 3]"), ("{}", "[]")]),
    ("text[]", "VARCHAR[]", &[("{\"a,b\",\"\"}", "['a,b', '']")]),
    ("numeric(12,4)[]", "DECIMAL(12,4)[]", &[("{-1.5,NULL,12345678.0001}", "[-1.5000, NULL, 12345678.0001]")]),
    ("uuid[]", "UUID[]", &[("{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "[a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11]")]),
    ("jsonb[]", "JSON[]", &[("{\"{\\\"a\\\": 1}\"}", "[{\"a\": 1}]")]),
    ("integer[][]", "JSON", &[("{{1,2},{3,4}}", "[[1,2],[3,4]]")]),
    ("int4range", "VARCHAR", &[("[1,5)", "[1,5)")]),
    ("money", "VARCHAR", &[("1.5", "$1.50")]),
    ("bit(3)", "VARCHAR", &[("101", "101")]),
    ("inet", "VARCHAR", &[("192.168.0.0/24", "192.168.0.0/24")]),
];

#[tokio::test]
async fn every_type_of_the_map_arrives_as_it_was() {
    let quote = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let mut statements = Vec::new();
    let mut tables = Vec::new();
    for (number, (sql_type, _, values)) in VALUES.iter().enumerate() {
        statements
            .push(format!("create table t{number} (id int, v {sql_type}); insert into t{number} values (0, null)"));
        for (id, (text, _)) in (1..).zip(*values) {
            statements.push(format!("insert into t{number} values ({id}, {})", quote(text)));
        }
        tables.push(table(&format!("t{number}"), &format!("t{number}")));
    }
    let world = World::new(&statements.join("; "), tables).await;
    world.publish().await.unwrap();
    let replica = reader(&world.folder.path().join("replica/r.db"));
    for (number, (sql_type, duckdb_type, values)) in VALUES.iter().enumerate() {
        let column =
            format!("select data_type from duckdb_columns() where table_name = 't{number}' and column_name = 'v'");
        assert_eq!(value(&replica, &column), *duckdb_type, "{sql_type}");
        assert_eq!(value(&replica, &format!("select v is null from t{number} where id = 0")), "true", "{sql_type}");
        for (id, (text, expected)) in (1..).zip(*values) {
            let zone = if sql_type.ends_with("tz") { "(v at time zone 'UTC')::varchar || '+00'" } else { "v::varchar" };
            let zone = if *sql_type == "timetz" { "v::varchar" } else { zone };
            let found = value(&replica, &format!("select {zone} from t{number} where id = {id}"));
            assert_eq!(found, *expected, "{sql_type}: {text}");
        }
    }
    world.database.close().await;
}

#[tokio::test]
async fn names_parts_and_queries_are_taken_literally() {
    let statements = "create schema \"시장\";
        create domain price as numeric(10, 2); create type mood as enum ('좋음', '나쁨');
        create table \"시장\".\"주문_내역\" (\"고객 \"\"이름\"\"\" text, \"Mixed.Case\" int, \"값\" price, m mood, empty text);
        insert into \"시장\".\"주문_내역\" values ('김''철수', 1, 10.5, '좋음', ''), ('이영희', 2, null, '나쁨', null);
        create table one (v text); insert into one values (null), (''), ('x');";
    let part = CopySource::Table {
        table: "시장.주문_내역".into(),
        columns: vec!["값".to_owned(), "고객 \"이름\"".to_owned()],
        condition: Some("\"Mixed.Case\" = 1 -- only one".into()),
    };
    let tables = vec![
        table("주문_내역", "시장.주문_내역"),
        PublishTable { name: "mart.part".to_owned(), source: part },
        query("totals", "select m, sum(\"값\") as total from \"시장\".\"주문_내역\" group by m; -- as of now"),
        table("one", "one"),
        query("empty", "select * from one where false"),
    ];
    let world = World::new(statements, tables).await;
    let outcome = world.publish().await.unwrap();
    let expected = [("empty", 0), ("mart.part", 1), ("one", 3), ("totals", 2), ("주문_내역", 2)];
    assert_eq!(outcome.tables, expected.map(|(name, rows)| (name.to_owned(), rows)).into());
    assert_eq!((outcome.rows, outcome.method.as_deref()), (Some(8), Some("compact")));
    let row = "select \"고객 \"\"이름\"\"\" || \"Mixed.Case\" || \"값\" || m || empty || '.' from \"주문_내역\" where \"Mixed.Case\" = 1";
    assert_eq!(world.ask(row), "김'철수110.50좋음.");
    assert_eq!(world.ask("select empty is null from \"주문_내역\" where \"Mixed.Case\" = 2"), "true");
    assert_eq!(world.ask("select \"값\" || \"고객 \"\"이름\"\"\" from mart.part"), "10.50김'철수");
    assert_eq!(world.ask("select sum(total) from totals"), "10.50");
    assert_eq!(world.ask("select count(v) || ' of ' || count(*) from one"), "2 of 3");
    assert_eq!(world.beside(), ["r.db", "r.db.generations", "r.db.json"]);
    world.database.close().await;
}

#[tokio::test]
async fn a_table_of_many_chunks_and_a_very_long_row_arrive_whole_and_are_counted() {
    let statements = "create table big as
        select i, md5(i::text) || repeat('가나다', 20) as v from generate_series(1, 700000) i;
        insert into big values (0, repeat('한', 8000000));";
    let world = World::new(statements, vec![table("big", "big")]).await;
    let (context, host) = world.attempt();
    let outcome = world.publish_in(&context).await.unwrap();
    assert_eq!(outcome.rows, Some(700_001));
    let hash = "select bit_xor(hash(v)) from big";
    let length = "select sum(length(v))::bigint from big";
    assert_eq!(world.ask(length), world.database.value("select sum(length(v)) from big").await);
    assert_eq!(world.ask("select count(distinct v) from big"), "700001");
    assert!(!world.ask(hash).is_empty());
    let copied: u64 = host
        .observations
        .lock()
        .unwrap()
        .iter()
        .map(|seen| if let Observation::Copied { rows, .. } = seen { *rows } else { 0 })
        .sum();
    assert_eq!(copied, 700_001);
    let chunks = host.observations.lock().unwrap().len() - 1;
    assert!(chunks > 2, "{chunks}");
    world.database.close().await;
}

#[tokio::test]
async fn all_tables_are_of_one_moment() {
    let statements = "create table a as select 1 as v; create table b as select 1 as v";
    let slow = query("slow", "select v, pg_sleep(0) from a, lateral (select pg_advisory_xact_lock_shared(77)) l");
    let world = World::new(statements, vec![table("a", "a"), slow, table("b", "b")]).await;
    let writer = world.database.server().connect("writer").await.unwrap();
    writer.execute("select pg_advisory_lock(77)", "").await.unwrap();
    let (context, host) = world.attempt();
    let changing = async {
        host.line_with("a: 1 rows").await;
        writer.execute("update a set v = 2; update b set v = 2; select pg_advisory_unlock(77)", "").await.unwrap();
    };
    let (result, ()) = tokio::join!(world.publish_in(&context), changing);
    result.unwrap();
    assert_eq!(world.ask("select v from b"), "1");
    writer.close().await;
    world.database.close().await;
}

#[tokio::test]
async fn what_does_not_fit_fails_and_leaves_the_old_replica() {
    let world = World::new("create table t (n numeric(10, 2))", vec![table("t", "t")]).await;
    world.publish().await.unwrap();
    world.database.execute("insert into t values (1), ('NaN')").await;
    let failure = world.publish().await.unwrap_err();
    assert_eq!((failure.code, failure.side), (Code::DuckDbStatement, Side::Target), "{failure}");
    assert!(failure.message.contains("NaN") && failure.message.contains("\"t\""), "{failure}");
    assert_eq!(world.ask("select count(*) from t"), "0");

    world.database.execute("alter table t rename to u").await;
    let failure = world.publish().await.unwrap_err();
    assert_eq!((failure.code, failure.class), (Code::PostgresStatement, FailureClass::Permanent), "{failure}");
    assert_eq!(failure.sqlstate.as_deref(), Some("42P01"));
    assert_eq!(failure.side, Side::Source);
    assert_eq!(world.beside(), ["r.db", "r.db.generations", "r.db.json"]);
    world.database.close().await;
}

#[tokio::test]
async fn a_value_that_duckdb_cannot_hold_is_named_with_its_column() {
    for (declared, value, words) in [
        ("timestamp", "294276-12-31", "later than DuckDB's last"),
        ("integer[]", "{{1,2},{3,4}}", "several dimensions"),
        ("numeric(5,1)", "NaN", "NaN is no value of a DECIMAL"),
    ] {
        let statements = format!("create table t (id int, \"값\" {declared}); insert into t values (1, '{value}')");
        let world = World::new(&statements, vec![table("t", "t")]).await;
        let failure = world.publish().await.unwrap_err();
        let told = failure.message.contains("column `값`") && failure.message.contains(words);
        assert!(told && failure.class == FailureClass::Permanent && failure.side == Side::Target, "{failure}");
        assert!(world.beside().is_empty());
        world.database.close().await;
    }
}

#[tokio::test]
async fn several_streams_read_one_moment_and_every_row_once() {
    // Ranges of pages of a plain table, partitions of another, a query, and what is too small to divide.
    let statements = "create table large as select n as id, repeat(md5(n::text), 8) as t from generate_series(1, 300000) n; \
        alter table large alter id set not null; \
        create table parted (id int, t text) partition by range (id); \
        create table parted_1 partition of parted for values from (0) to (500); \
        create table parted_2 partition of parted for values from (500) to (maxvalue); \
        insert into parted select n, n::text from generate_series(1, 1000) n; \
        create table small as select 1 as id";
    let tables = vec![
        table("large", "large"),
        query("q", "select id from parted"),
        table("parted", "parted"),
        table("small", "small"),
    ];
    let mut world = World::new(statements, tables).await;
    world.step.streams = 3;
    let outcome = world.publish().await.unwrap();
    assert_eq!(outcome.rows, Some(302_001));
    let look = "select (select count(distinct id) || ' ' || sum(id) || ' ' || count(distinct t) from large) \
        || ' ' || (select sum(id) || ' ' || count(*) from parted) || ' ' || (select sum(id) from q)";
    assert_eq!(world.ask(look), "300000 45000150000 300000 500500 1000 500500");
    let nullable = "select string_agg(column_name || ' ' || is_nullable, ',' order by column_name) \
        from duckdb_columns() where table_name = 'large'";
    assert_eq!(world.ask(nullable), "id false,t true");
    world.database.close().await;
}

#[tokio::test]
async fn keys_come_along_where_the_job_asks_for_them() {
    let statements = "create table t (b int, a int, c text unique, d int unique, primary key (a, b)); \
        insert into t values (1, 1, 'x', null), (2, 1, null, null), (1, 2, null, 5)";
    let mut some = table("some", "t");
    if let CopySource::Table { columns, .. } = &mut some.source {
        *columns = vec!["a".to_owned(), "c".to_owned()];
    }
    let mut world = World::new(statements, vec![table("t", "t"), some]).await;
    world.publish().await.unwrap();
    let constraints = "select count(*) from duckdb_constraints() where constraint_type = 'PRIMARY KEY'";
    assert_eq!(world.ask(constraints), "0");
    world.step.keys = true;
    world.publish().await.unwrap();
    let primary = "select string_agg(table_name || ' ' || array_to_string(constraint_column_names, ', '), '; ') from duckdb_constraints() \
        where constraint_type = 'PRIMARY KEY'";
    assert_eq!(world.ask(primary), "t a, b");
    let unique = "select string_agg(table_name || ' ' || expressions, '; ' order by table_name, expressions) from duckdb_indexes() where is_unique";
    assert_eq!(world.ask(unique), "some [c]; t [c]; t [d]");
    assert_eq!(world.ask("select string_agg(c, '') || count(*) from t where a = 1"), "x2");
    world.database.close().await;
}

#[tokio::test]
async fn an_open_numeric_that_no_decimal_holds_is_text_and_says_so() {
    let statements = "create table t (n numeric); insert into t values (1.5), ('NaN'), (1e40)";
    let world = World::new(statements, vec![table("t", "t")]).await;
    let (context, host) = world.attempt();
    world.publish_in(&context).await.unwrap();
    assert!(host.find("column `n` is published as text").is_some());
    assert_eq!(world.ask("select string_agg(n, ' ' order by n) from t"), format!("1.5 1{} NaN", "0".repeat(40)));
    world.database.close().await;
}

#[tokio::test]
async fn a_stop_ends_the_query_on_the_server_and_leaves_nothing() {
    let endless = query("endless", "select i, pg_sleep(0.0001) is null as v from generate_series(1, 100000000) i");
    let world = World::new("select 1", vec![endless]).await;
    let (context, host) = world.attempt();
    let stopping = async {
        host.line_with("copying `endless`").await;
        context.stop.cancel();
    };
    let (result, ()) = tokio::join!(world.publish_in(&context), stopping);
    assert_eq!(result.unwrap_err().class, FailureClass::Cancelled);
    assert!(world.beside().is_empty());
    // Fails if a session is still there.
    world.database.close().await;
}
