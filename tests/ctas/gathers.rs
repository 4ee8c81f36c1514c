//! Plans with several Gathers, late ones and ones that never start.

use windlass::domain::outcome::GatherWorkers;

use super::fixture::{four_slots, nothing_left, nothing_left_in, on, prepare, run, step};
use crate::support::server;

#[tokio::test]
async fn every_gather_of_a_plan_is_recorded_and_the_costliest_counts() {
    // More slots than one Gather needs: those of the first are free again a moment after it has ended, not at once.
    let database = server().database().await;
    prepare(&database.server()).await;
    let (context, _) = on(&database.server());
    let cheap = "select max(id) from pages where id < 10";
    let query = format!("select id from pages where id > ({cheap}) and pg_sleep(0.01)::text is not null");
    let outcome = run(&step("result", &query, 4, 2, 1), &context).await.unwrap();
    let workers = outcome.workers.unwrap();
    assert_eq!((workers.planned, workers.achieved, workers.target_met), (4, 4, true));
    assert_eq!(workers.gathers, [GatherWorkers { planned: 4, achieved: Some(4) }; 2]);
    assert_eq!(outcome.plan.unwrap().matches("4 of 4 workers").count(), 2);
    nothing_left_in(&database).await;
    database.close().await;
}

#[tokio::test]
async fn a_query_that_never_comes_to_its_gather_is_no_shortage() {
    let (_server, database) = four_slots().await;
    let (context, _) = on(&database);
    let query =
        "select case when (select extract(year from clock_timestamp())) < 0 then (select max(id) from pages) end";
    let outcome = run(&step("result", query, 4, 2, 1), &context).await.unwrap();
    let workers = outcome.workers.unwrap();
    assert_eq!((outcome.rows, workers.attempts, workers.target_met), (Some(1), 1, false));
    assert_eq!(workers.gathers, [GatherWorkers { planned: 4, achieved: None }]);
    assert!(outcome.plan.unwrap().contains("never executed"));
    nothing_left(&database).await;
}
