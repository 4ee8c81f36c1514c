//! What arrives is what was sent.

use windlass::postgres::{Flow, Server, Session};

use super::{Pair, relay, sessions};
use crate::postgres::tcp_server::{PASSWORD, TcpServer};

/// Rows of all sizes: a few bytes, more than a buffer, more than all buffers; and more rows than a buffer holds.
const ROWS: &str = r"select g as id, case when g % 3 = 0 then null else '값' || g end as a,
       case when g % 5 = 0 then '' else e'\\ \t\n\'' || repeat('x', g % 300) end as b,
       decode(md5(g::text), 'hex') as c, g * 1.25 as d
  from generate_series(1, 4000) g
  union all select 10000, repeat('가', 100000), repeat('b', 700000), null, 'NaN'
  union all select 10001, repeat('나', 10000000), null, '\x00', null
  union all select g, null, null, null, null from generate_series(20000, 20010) g";

const COLUMNS: &str = "(id int, a text, b text, c bytea, d numeric)";

async fn digest(session: &Session, table: &str) -> String {
    let digest = format!("select md5(string_agg(md5(t::text), '' order by id)) from {table} t");
    session.query_one(&digest, &[], "comparing").await.unwrap().get(0)
}

async fn round_trip(server: &Server, name: &str) {
    let (source, target) = sessions(server).await;
    source.execute(&format!("create table {name} as {ROWS}"), "preparing").await.unwrap();
    for format in ["text", "binary"] {
        let copy = format!("{name}_{format}");
        target.execute(&format!("create table {copy} {COLUMNS}"), "preparing").await.unwrap();
        let flow = Flow::default();
        let relayed = relay(&source, &format!("table {name}"), &target, &copy, format, &flow).await.unwrap();
        assert_eq!((relayed.read, relayed.written), (4013, 4013), "{copy}");
        assert_eq!((flow.rows(), flow.bytes(), flow.waiting()), (4013, relayed.bytes, None), "{copy}");
        assert!((30_000_000..40_000_000).contains(&relayed.bytes), "{copy}: {relayed:?}");
        assert_eq!(digest(&source, name).await, digest(&target, &copy).await, "{copy}");
    }
    source.execute(&format!("drop table {name}, {name}_text, {name}_binary"), "cleaning up").await.unwrap();
    tokio::join!(source.close(), target.close());
}

#[tokio::test]
async fn rows_of_any_size_arrive_over_any_socket_in_either_format() {
    let tcp = |server: &TcpServer, mode| {
        let url = format!("postgres://member@localhost:{}/postgres?sslmode={mode}", server.port());
        Server::from_url(&url, Some(PASSWORD)).unwrap()
    };
    let with_tls = TcpServer::with_tls();
    let session = Server::from_url(&with_tls.socket_url(), None).unwrap().connect("test-admin").await.unwrap();
    session.execute("grant all on schema public to member", "granting").await.unwrap();
    session.close().await;
    round_trip(&Server::from_url(&with_tls.socket_url(), None).unwrap(), "over_unix").await;
    round_trip(&tcp(with_tls, "disable"), "over_tcp").await;
    round_trip(&tcp(with_tls, "require"), "over_tls").await;
}

#[tokio::test]
async fn no_rows_are_rows_too() {
    let pair = Pair::of("create table t (a int, b text)").await;
    for format in ["text", "binary"] {
        let relayed = pair.relay("select 1, 'x' where false", "t", format).await.unwrap();
        assert_eq!((relayed.read, relayed.written, pair.flow.rows()), (0, 0, 0), "{format}");
    }
    pair.stop().await;
}

#[tokio::test]
async fn sessions_go_on_after_a_relay_in_the_same_transactions() {
    let pair = Pair::of("create table t (a int)").await;
    pair.source.execute("begin isolation level repeatable read", "beginning").await.unwrap();
    pair.target.execute("begin; create table other (a int)", "beginning").await.unwrap();
    // A statement that nobody waits for any more is still being answered.
    let forgotten = pair.source.execute("select pg_sleep(0.2)", "sleeping");
    drop(tokio::time::timeout(std::time::Duration::from_millis(20), forgotten).await);
    for table in ["t", "other", "t"] {
        let relayed = pair.relay("select generate_series(1, 1000)", table, "binary").await.unwrap();
        assert_eq!(relayed.written, 1000);
    }
    let sum = "select sum(a)::int8 from (table t union all table other) x";
    let row = pair.target.query_one(sum, &[], "adding").await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 3 * 500_500);
    pair.target.execute("commit", "committing").await.unwrap();
    pair.source.execute("commit", "committing").await.unwrap();
    assert_eq!((pair.flow.rows(), pair.database.value("select count(*) from other").await.as_str()), (3000, "1000"));
    pair.stop().await;
}

#[tokio::test]
async fn what_servers_say_in_between_disturbs_nothing() {
    let chatty = "create table t (a int, b text);
         create function say(a int) returns text language plpgsql as
           $$begin raise notice '%', repeat('값', a * 100); return a::text; end$$;
         create function hear() returns trigger language plpgsql as
           $$begin raise notice '%', repeat('말', 300); perform set_config('application_name', new.b, false);
             return new; end$$;
         create trigger hear before insert on t for each row execute function hear();";
    let pair = Pair::of(chatty).await;
    let notices = "set client_min_messages = notice";
    pair.source.execute(notices, "preparing").await.unwrap();
    pair.target.execute(notices, "preparing").await.unwrap();
    let relayed = pair.relay("select g, say(g) from generate_series(1, 300) g", "t", "text").await.unwrap();
    assert_eq!((relayed.read, relayed.written, pair.flow.rows()), (300, 300, 300));
    assert_eq!(pair.database.value("select sum(a) = sum(b::int) from t").await, "true");
    pair.stop().await;
}
