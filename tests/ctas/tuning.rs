//! Raising what the session may raise, and a table's setting where the job allows it.

use windlass::domain::code::Code;
use windlass::domain::failure::FailureClass;
use windlass::domain::observation::CtasAttemptOutcome::TargetMet;

use super::fixture::{attempts, nothing_left, nothing_left_in, on, prepare, run, slow, step};
use crate::support::{PrivateServer, TestDatabase, eventually, server};

/// A table that PostgreSQL groups in one process by its default costs: sending so many groups to the leader costs more
/// than it saves.
const ORDERS: &str = "
    create table orders as select g as id, g % 60000 as customer, g * 0.01 as amount from generate_series(1, 300000) g;
    analyze orders";

const GROUPED: &str = "select customer, sum(amount) as total, count(*) as orders from orders group by customer";

async fn orders() -> TestDatabase {
    let database = server().database().await;
    database.execute(ORDERS).await;
    let row = database.admin().query(&format!("explain {GROUPED}"), &[]).await.unwrap();
    assert!(!row.iter().any(|line| line.get::<_, &str>(0).contains("Gather")), "it should be planned serially");
    database
}

#[tokio::test]
async fn a_query_that_default_costs_plan_serially_has_its_workers_at_the_first_attempt() {
    let database = orders().await;
    let (context, host) = on(&database.server());
    let workers = run(&step("result", GROUPED, 4, 2, 5), &context).await.unwrap().workers.unwrap();
    assert_eq!((workers.planned, workers.achieved, workers.attempts, workers.target_met), (4, 4, 1, true));
    let helped: Vec<&str> = workers.helped.iter().map(String::as_str).collect();
    assert!(helped.contains(&"parallel_tuple_cost = 0"), "{helped:?}");
    assert!(!helped.contains(&"min_parallel_index_scan_size = 0"), "only what is needed: {helped:?}");
    assert!(host.find("the plan has 4 workers with parallel_tuple_cost = 0").is_some());
    assert_eq!(attempts(&host), [(4, TargetMet)]);
    assert_eq!(database.value("select sum(orders) from result").await, "300000");
    nothing_left_in(&database).await;
    database.close().await;
}

#[tokio::test]
async fn a_session_that_is_left_alone_keeps_its_plan_and_its_settings() {
    let database = orders().await;
    let (context, host) = on(&database.server());
    let mut alone = step("result", GROUPED, 4, 2, 5);
    alone.tune = false;
    let failure = run(&alone, &context).await.unwrap_err();
    assert_eq!((failure.code, failure.class), (Code::NotParallel, FailureClass::Permanent));
    assert!(failure.message.contains("the largest table that it reads, orders, has"), "{}", failure.message);
    let mut one_setting = step("result", GROUPED, 4, 3, 5);
    one_setting.tune = false;
    let failure = run(&one_setting, &context).await.unwrap_err();
    assert!(failure.message.contains("max_parallel_workers_per_gather is 2"), "{}", failure.message);
    assert!(failure.hint.unwrap().contains("tune: true"));
    assert_eq!(attempts(&host), []);
    database.close().await;
}

#[tokio::test]
async fn a_tables_own_setting_is_changed_for_the_query_only_and_for_nobody_else() {
    let database = server().database().await;
    prepare(&database.server()).await;
    // By its size it would have four workers.
    database.execute("alter table pages set (parallel_workers = 3)").await;
    let (context, host) = on(&database.server());
    let mut step = step("result", &slow(0.02), 6, 6, 1);
    let failure = run(&step, &context).await.unwrap_err();
    assert!(failure.message.contains("parallel_workers of the largest table that it reads, pages, is 3"), "{failure}");

    step.allow_table_setting = true;
    let setting = "select reloptions from pg_class where relname = 'pages'";
    let looking = async {
        host.progress_with(|progress| progress.phase.starts_with("attempt 1/1: running")).await;
        let workers = "select count(*) = 6 from pg_stat_activity where datname = current_database() \
                       and backend_type = 'parallel worker'";
        eventually("the query has workers", async || database.value(workers).await == "true").await;
        assert_eq!(database.value(setting).await, "{autovacuum_enabled=off,parallel_workers=3}");
        // Readers and writers go on.
        database.execute("insert into pages values (1000, 'x')").await;
    };
    let (outcome, ()) = tokio::join!(run(&step, &context), looking);
    let workers = outcome.unwrap().workers.unwrap();
    assert_eq!((workers.achieved, workers.target_met), (6, true));
    assert_eq!(workers.helped.last().unwrap(), "parallel_workers = 6 on pages while the query runs");
    assert_eq!(database.value(setting).await, "{autovacuum_enabled=off,parallel_workers=3}");
    assert_eq!(database.value("select count(*) from result").await, "64");

    // Also after a failure.
    let mut failing = step.clone();
    failing.query = "select 1 / (id - 50) as x from pages".into();
    let failure = run(&failing, &context).await.unwrap_err();
    assert_eq!(failure.sqlstate.as_deref(), Some("22012"));
    assert_eq!(database.value(setting).await, "{autovacuum_enabled=off,parallel_workers=3}");
    nothing_left_in(&database).await;
    database.close().await;
}

#[tokio::test]
async fn all_partitions_of_the_largest_table_are_set_and_put_back() {
    let database = server().database().await;
    prepare(&database.server()).await;
    database
        .execute(
            "create table \"주문\" (id int, pad text) partition by hash (id);
             create table \"주문_0\" partition of \"주문\" for values with (modulus 2, remainder 0) with (parallel_workers = 1);
             create table \"주문_1\" partition of \"주문\" for values with (modulus 2, remainder 1);
             insert into \"주문\" select g, repeat('x', 100) from generate_series(1, 2000) g;
             analyze \"주문\"",
        )
        .await;
    let (context, _) = on(&database.server());
    let mut step = step("result", "select count(*) from \"주문\"", 5, 5, 1);
    step.allow_table_setting = true;
    let workers = run(&step, &context).await.unwrap().workers.unwrap();
    assert_eq!((workers.planned, workers.achieved), (5, 5), "{workers:?}");
    assert_eq!(workers.helped.last().unwrap(), "parallel_workers = 5 on \"주문\" while the query runs");
    let settings = "select string_agg(coalesce(reloptions::text, '-'), ' ' order by relname) from pg_class \
                    where relname like '주문\\__'";
    assert_eq!(database.value(settings).await, "{parallel_workers=1} -");
    nothing_left_in(&database).await;
    database.close().await;
}

#[tokio::test]
async fn a_limit_of_the_user_below_the_target_is_raised_for_the_session() {
    let server = PrivateServer::start(&["max_worker_processes=8", "max_parallel_workers=2"], false).await;
    let database = server.server("postgres");
    prepare(&database).await;
    let (context, _) = on(&database);
    let mut step = step("result", &slow(0.01), 4, 3, 1);
    let workers = run(&step, &context).await.unwrap().workers.unwrap();
    assert_eq!(workers.achieved, 4);
    assert!(workers.helped.contains(&"max_parallel_workers = 4".to_owned()), "{workers:?}");
    step.tune = false;
    super::fixture::execute(&database, "alter database postgres set max_parallel_workers_per_gather = 4").await;
    let failure = run(&step, &context).await.unwrap_err();
    assert_eq!(failure.code, Code::NotParallel);
    assert!(failure.message.contains("max_parallel_workers is 2 for this user"), "{failure}");
    nothing_left(&database).await;
}

#[tokio::test]
async fn a_server_with_too_few_processes_is_no_reason_to_wait() {
    let server = PrivateServer::start(&["max_worker_processes=3"], false).await;
    let database = server.server("postgres");
    prepare(&database).await;
    let (context, host) = on(&database);
    let mut step = step("result", &slow(0.01), 4, 3, 5);
    step.workers.slot_wait = std::time::Duration::from_mins(1);
    let failure = run(&step, &context).await.unwrap_err();
    assert_eq!((failure.code, failure.class), (Code::NotParallel, FailureClass::Permanent));
    let told = "max_worker_processes is 3, of which the launcher of logical replication takes 1";
    assert!(failure.message.contains(told), "{failure}");
    assert!(failure.hint.unwrap().contains("max_worker_processes = 4"));
    assert_eq!(attempts(&host), []);
    step.workers.minimum = 2;
    let workers = run(&step, &context).await.unwrap().workers.unwrap();
    assert_eq!((workers.achieved, workers.attempts, workers.target_met), (2, 1, false));
    assert!(workers.slot_wait_s < 1.0, "{workers:?}");
    assert!(host.find("the server can launch 2 workers where 4 are wanted").is_some());
    nothing_left(&database).await;
}
