//! Settings that a database or role gives to every session.

use std::time::Duration;

use windlass::domain::step::CopySource;

use crate::copy::Copy;
use crate::support::servers;

#[tokio::test]
async fn timeouts_that_a_database_sets_do_not_end_a_long_copy() {
    for server in servers() {
        let slow = "create view slow as select g, pg_sleep(0.01) is null as slept from generate_series(1, 80) g";
        // Building the index takes as long as the copy.
        let there = "create function slowly(int) returns int immutable language plpgsql
                       as 'begin perform pg_sleep(0.01); return $1; end';
                     create table t (g int); insert into t values (7); create index on t (slowly(g))";
        let copy = Copy::between([server, server], "slow", "t", slow, there).await;
        for side in [&copy.source, &copy.target] {
            let mut settings = vec!["statement_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout"];
            settings.extend((server.major() >= 17).then_some("transaction_timeout"));
            for setting in settings {
                side.set_default(&format!("{setting} = '300ms'")).await;
            }
        }
        let open = copy.host.hold_gate();
        let waiting = async {
            copy.host.gate_reached().await;
            // Here the time itself is what is tested: longer than the settings allow.
            tokio::time::sleep(Duration::from_millis(500)).await;
            open.notify_one();
            std::future::pending().await
        };
        let outcome = tokio::select! {
            outcome = copy.run() => outcome,
            never = waiting => never,
        };
        let outcome = outcome.unwrap_or_else(|failure| panic!("PostgreSQL {}: {failure:?}", server.major()));
        assert_eq!(outcome.rows, Some(80));
        copy.assert_nothing_left().await;
        copy.close().await;
    }
}

#[tokio::test]
async fn settings_that_change_how_values_are_read_or_written_change_no_value() {
    // The last column goes as text only, and so does its table.
    for last in ["", ", k regclass"] {
        let make = format!(
            "create table t (id int, a date, b interval, c timestamptz, d float8, e bytea, f money, g text[], h xml, i text, j float4[]{last});
             insert into t values (1, '2020-02-03', '-1 year 2 days -03:04:05.6', '2020-02-03 04:05:06.789+09', 0.1::float8 + 0.2, '\\x005c2e',
               '-1234.56', array['NULL', null, '\"\\', ''], xmlparse(content '한글 <a/> 둘'), E'\\\\.\\n', array['NaN'::float4, 0.1])"
        );
        let copy = Copy::of("t", "t", &make, "").await;
        let whole = "select string_agg(t::text, ';' order by id) from t";
        let was = copy.source.value(whole).await;
        let odd = [
            "array_nulls = off",
            "xmloption = document",
            "datestyle = 'SQL, DMY'",
            "intervalstyle = 'sql_standard'",
            "extra_float_digits = -15",
            "bytea_output = 'escape'",
            "standard_conforming_strings = off",
            "default_transaction_isolation = 'serializable'",
            "default_transaction_deferrable = on",
            "client_encoding = 'EUC_KR'",
            "row_security = off",
            "search_path = pg_catalog",
        ];
        for setting in odd {
            copy.target.set_default(setting).await;
        }
        copy.source.set_default("timezone = 'America/St_Johns'").await;
        for setting in odd.iter().filter(|setting| !setting.starts_with("search_path")) {
            copy.source.set_default(setting).await;
        }
        copy.target.set_default("search_path = public").await;
        assert_eq!(copy.run().await.unwrap_or_else(|failure| panic!("{failure:?}")).rows, Some(1));
        assert_eq!(copy.target.value(whole).await, was);
        copy.close().await;
    }
}

#[tokio::test]
async fn a_source_in_another_encoding_arrives_in_unicode() {
    let mut copy = Copy::of("t", "t", "", "").await;
    let name = format!("{}_euckr", copy.source.name());
    copy.source.execute(&format!("create database {name} encoding 'EUC_KR' locale 'C' template template0")).await;
    let mut config = copy.source.server().config().clone();
    config.dbname(&name);
    let korean = windlass::postgres::Server::from_config(config);
    let session = korean.connect("test-admin").await.unwrap();
    let make = "create table \"주문\" (\"상품\" text, k regclass); insert into \"주문\" values ('한글 값', null), (E'\\\\.\\n\\t', 'pg_class')";
    session.execute(make, "preparing").await.unwrap();
    session.close().await;
    copy.read_from(korean);
    for (columns, format) in [(vec!["상품".to_owned()], "binary"), (Vec::new(), "text")] {
        copy.step.source = CopySource::Table { table: "주문".into(), columns, condition: None }.into();
        let outcome = copy.run().await.unwrap();
        assert_eq!((outcome.rows, outcome.format.as_deref()), (Some(2), Some(format)));
        let all = copy.target.value("select string_agg(\"상품\", ';' order by \"상품\" desc) from t").await;
        assert_eq!(all, "한글 값;\\.\n\t");
    }
    copy.source.execute(&format!("drop database {name} with (force)")).await;
    copy.close().await;
}
