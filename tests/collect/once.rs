//! A run's rows are loaded once, however often the step is tried.

use windlass::domain::code::Code;
use windlass::domain::failure::{Failure, Side};
use windlass::domain::step::{BodyFormat, LoadMode};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::world::{BOTH, World, http};

const ROWS: &str = "select string_agg(concat_ws('=', k, v), ',' order by k, v) from t";

#[tokio::test]
async fn an_append_that_was_committed_is_not_repeated() {
    for to in BOTH {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(200).set_body_string("k,v\na,1\nb,2\n");
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let mut world = World::new(to, http(&server.uri(), BodyFormat::Csv)).await;
        world.step.into.mode = LoadMode::Append;
        assert_eq!(world.run().await.unwrap().rows, Some(2));
        // The first attempt dies after its commit: its spool stays, for the next one to remove.
        std::fs::create_dir(world.context.environment.spool.join(world.context.hidden_name(0))).unwrap();
        world.next_attempt();
        assert_eq!(world.run().await.unwrap().rows, Some(2));
        assert_eq!(world.value(ROWS).await, "a=1,b=2", "{to:?}");
        assert_eq!(server.received_requests().await.unwrap().len(), 1, "what is loaded isn't fetched again");
        world.next_run();
        world.run().await.unwrap();
        assert_eq!(world.value(ROWS).await, "a=1,a=1,b=2,b=2", "{to:?}");
        world.close().await;
    }
}

#[tokio::test]
async fn an_upsert_replaces_by_key_and_leaves_others() {
    for to in BOTH {
        let mut world = World::of_file(to, "a.csv", "k,v\na,10\nz,5\n").await;
        world.step.into.mode = LoadMode::Upsert;
        world.step.into.key = vec!["k".into()];
        world.execute("create table t (k varchar(10) primary key, v int, note varchar(10) default 'new')").await;
        world.execute("insert into t values ('a', 1, 'old'), ('b', 2, 'old')").await;
        assert_eq!(world.run().await.unwrap().rows, Some(2));
        let rows = "select string_agg(concat_ws('=', k, v, note), ',' order by k) from t";
        assert_eq!(world.value(rows).await, "a=10=old,b=2=old,z=5=new", "{to:?}");
        world.close().await;
    }
}

#[tokio::test]
async fn nothing_is_loaded_when_the_run_is_no_longer_ours() {
    for to in BOTH {
        for mode in [LoadMode::Replace, LoadMode::Append, LoadMode::Upsert] {
            let mut world = World::of_file(to, "a.csv", "k,v\na,10\n").await;
            world.step.into.mode = mode;
            world.step.into.key = vec!["k".into()];
            world.execute("create table t (k varchar(10), v int); insert into t values ('a', 1)").await;
            *world.host.gate.lock().unwrap() = Some(Failure::permanent(Code::NotOwner, Side::Internal, "not ours"));
            assert_eq!(world.failure().await.code, Code::NotOwner);
            assert_eq!(world.value(ROWS).await, "a=1", "{to:?} {mode:?}");
            *world.host.gate.lock().unwrap() = None;
            world.next_attempt();
            world.run().await.unwrap();
            let expected = if mode == LoadMode::Append { "a=1,a=10" } else { "a=10" };
            assert_eq!(world.value(ROWS).await, expected, "{to:?} {mode:?}");
            world.close().await;
        }
    }
}

#[tokio::test]
async fn runs_that_make_the_same_table_at_once_all_load_into_it() {
    for to in BOTH {
        let mut world = World::of_file(to, "a.csv", "k,v\na,1\n").await;
        world.step.into.mode = LoadMode::Append;
        // The first has made the table and stands before its commit; the others can't see it.
        let ended = world.at_once(4).await;
        assert!(ended.iter().all(Result::is_ok), "{to:?}: {ended:?}");
        assert_eq!(world.value(ROWS).await, "a=1,a=1,a=1,a=1", "{to:?}");
        world.close().await;
    }
}
