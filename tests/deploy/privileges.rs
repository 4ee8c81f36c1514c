//! The privileges that `deploy/sql` grants are enough for every kind of step, and each is needed for what it says.

use nix::sys::signal::Signal;

use super::{ANYWHERE, text, write_settings};
use crate::cli::folder::Folder;
use crate::support::PrivateServer;

/// A job with steps of all kinds that ask a server for something.
const ALL: &str = "job: all\nsteps:
  - id: stage
    copy_to_staging:
      from: {connection: source, table: orders}
      to: {connection: warehouse, table: staging.orders}
      streams: 2
      verify: checksum
  - id: appended
    collect:
      query: {connection: source, statement: \"select id, amount from orders where id <= 10\"}
      into: {connection: warehouse, table: staging.some, mode: append, columns: {id: bigint, amount: bigint}}
  - id: totals
    parallel_ctas:
      connection: warehouse
      table: mart.totals
      query: select customer, sum(amount) as total from staging.orders group by customer
      workers: {target: 2, minimum: 1}
  - id: checked
    sql: {connection: warehouse, statement: select customer from mart.totals, expect: {rows: {min: 100, max: 100}}}
  - id: publish
    publish_replica: {from: {connection: warehouse, tables: [mart.totals]}, to: totals.db}
";

/// Runs a file of `deploy/sql` in a database, a statement at a time: making a database takes no other beside it.
async fn grant(server: &PrivateServer, database: &str, file: &str) {
    let session = server.server(database).connect("test-admin").await.unwrap();
    let sql: String = text(&format!("deploy/sql/{file}")).lines().filter(|line| !line.starts_with("--")).collect();
    // The superuser of the tests' servers has the name already.
    let sql = sql
        .replace("role windlass login", "role windlass_state login")
        .replace("owner windlass;", "owner windlass_state;");
    for statement in sql.split(';').filter(|statement| !statement.trim().is_empty()) {
        session
            .client()
            .batch_execute(statement)
            .await
            .unwrap_or_else(|error| panic!("{file}: {statement}: {error:?}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_step_works_with_what_the_files_grant() {
    let server = PrivateServer::start(&["max_worker_processes=8", "max_parallel_workers=4"], false).await;
    let folder = Folder::new().await;
    let admin = server.server("postgres").connect("test-admin").await.unwrap();
    for database in ["shop", "dw"] {
        admin.client().batch_execute(&format!("create database {database}")).await.unwrap();
    }
    let shop = server.server("shop").connect("test-admin").await.unwrap();
    let made = "create table orders (id bigint primary key, customer int, amount int);
                insert into orders select n, n % 100, n * 10 from generate_series(1, 20000) n; analyze orders";
    shop.client().batch_execute(made).await.unwrap();
    grant(&server, "postgres", "state.sql").await;
    grant(&server, "shop", "source.sql").await;
    grant(&server, "dw", "warehouse.sql").await;

    let url =
        |database: &str, user: &str| server.embedded().url(database).replace("://windlass@", &format!("://{user}@"));
    let (state, source, warehouse) =
        (url("windlass", "windlass_state"), url("shop", "windlass_reader"), url("dw", "windlass_writer"));
    assert_ne!(state, server.embedded().url("windlass"));
    write_settings(&folder, &state, ANYWHERE, &[("source", &source), ("warehouse", &warehouse)]);
    folder.write("jobs/all.yaml", ALL);
    // Twice: the second time the tables are there and are replaced.
    for _ in 0..2 {
        folder.call(&["run", "all", "--json"]).ends(0);
    }
    // What isn't granted isn't possible.
    let reader = server.server("shop");
    let mut config = reader.config().clone();
    config.user("windlass_reader");
    let reader = windlass::postgres::Server::from_config(config).connect("test-reader").await.unwrap();
    assert!(reader.client().batch_execute("delete from orders").await.is_err());
    assert!(reader.client().batch_execute("create schema other").await.is_err());

    let serve = folder.start(&["serve"]);
    serve.says("ready").await;
    serve.signal(Signal::SIGTERM);
    serve.end().await.ends(0);
    folder.close().await;
}
