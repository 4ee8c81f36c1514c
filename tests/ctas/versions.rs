//! The same on every version of PostgreSQL that is tested with.

use std::time::Duration;

use windlass::domain::code::Code;
use windlass::domain::observation::CtasAttemptOutcome::{MinimumMet, Short, TargetMet};
use windlass::domain::step::{CtasIndex, IndexKey, Measure};

use super::fixture::{FOUR_SLOTS, attempts, blind, execute, hold, nothing_left, on, prepare, run, slow, step, value};
use crate::support::{PrivateServer, servers};

#[tokio::test]
async fn counts_waits_and_reasons_are_the_same_on_every_version() {
    for shared in servers() {
        let version = shared.major();
        let server = PrivateServer::start_of(version, FOUR_SLOTS, false).await.unwrap();
        let database = server.server("postgres");
        prepare(&database).await;

        let (context, _) = on(&database);
        let mut indexed = step("result", &slow(0.01), 4, 2, 1);
        indexed.indexes = vec![CtasIndex {
            name: None,
            on: IndexKey::Columns(vec!["id".into()]),
            unique: false,
            primary_key: true,
            method: None,
            include: Vec::new(),
            condition: None,
        }];
        let outcome = run(&indexed, &context).await.unwrap();
        let workers = outcome.workers.unwrap();
        assert_eq!((workers.planned, workers.achieved, workers.target_met), (4, 4, true), "{version}");
        assert_eq!(outcome.rows, Some(64), "{version}");
        assert!(outcome.plan.unwrap().starts_with("Gather (4 of 4 workers, 64 rows)"), "{version}");

        execute(&database, "create function f(int) returns int language plpgsql as 'begin return $1; end'").await;
        let failure = run(&step("other", "select f(id) from pages", 4, 2, 1), &context).await.unwrap_err();
        assert_eq!(failure.code, Code::NotParallel, "{version}");
        assert!(failure.message.contains("calls f(integer), which is marked parallel unsafe"), "{version}: {failure}");

        let holder = hold(&database, 1).await;
        let (context, host) = on(&blind(&database).await);
        let workers = run(&step("short", &slow(0.05), 4, 2, 2), &context).await.unwrap().workers.unwrap();
        assert_eq!((workers.achieved, attempts(&host)), (3, vec![(3, Short), (3, MinimumMet)]), "{version}");

        let (context, host) = on(&database);
        let mut waits = step("waited", &slow(0.02), 4, 2, 1);
        waits.workers.slot_wait = Duration::from_mins(1);
        waits.measure = Measure::Sampled;
        let release = async {
            host.line_with("waiting for worker slots: 3 free of 4").await;
            holder.stop().await.unwrap();
        };
        let (outcome, ()) = tokio::join!(run(&waits, &context), release);
        assert_eq!((outcome.unwrap().rows, attempts(&host)), (Some(64), vec![(4, TargetMet)]), "{version}");
        assert_eq!(value(&database, "select count(*) from waited").await, "64", "{version}");
        nothing_left(&database).await;
    }
}
