//! A step's next attempt goes on from the page that was reached, and begins anew wherever that isn't safe.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::json;
use windlass::domain::code::Code;
use windlass::domain::failure::{Failure, FailureClass, Side};
use windlass::domain::outcome::Outcome;
use windlass::domain::step::{CollectSource, CursorTo, Expect, HttpSource, LoadMode, PageBy, Paginate};
use wiremock::{MockServer, ResponseTemplate};

use super::pages::{by, cursor, number, numbered, page, records, server, world};
use super::world::World;
use crate::support::eventually;

/// What a server does with a page: how often each was asked for, and what it answers instead of it.
#[derive(Default)]
struct Mood {
    asked: Vec<u64>,
    instead: BTreeMap<u64, ResponseTemplate>,
}

type Shared = Arc<Mutex<Mood>>;

/// A server with 5 pages of 10 records and a sixth one with 3, by number or cursor; each names the next one.
async fn pages() -> (MockServer, Shared) {
    let mood = Shared::default();
    let asked = Arc::clone(&mood);
    let server = server(move |query, _| {
        let mut mood = asked.lock().unwrap();
        let at = number(query, "page").max(1);
        mood.asked.push(at);
        if let Some(answer) = mood.instead.get(&at) {
            return answer.clone();
        }
        let next = if at < 6 { json!(at + 1) } else { json!(null) };
        page(&records(at * 10 - 10, at * 10, 53), json!({"meta": {"next": next}}))
    })
    .await;
    (server, mood)
}

fn by_cursor() -> PageBy {
    cursor(CursorTo::Param("page".into()))
}

fn fails(mood: &Shared, at: u64, status: u16) {
    mood.lock().unwrap().instead.insert(at, ResponseTemplate::new(status));
}

/// The server is well again. Which pages it was asked for since the last time.
fn mends(mood: &Shared) -> Vec<u64> {
    let mut mood = mood.lock().unwrap();
    mood.instead.clear();
    std::mem::take(&mut mood.asked)
}

async fn world_by(server: &MockServer, by_what: PageBy, change: impl FnOnce(&mut HttpSource)) -> World {
    let change = |source: &mut HttpSource| {
        source.retry.attempts = 1;
        change(source);
    };
    world(server, Paginate { until: Some("page.records < 10".into()), ..by(by_what) }, change).await
}

/// An attempt that fails at page 4, which may pass; the next one is ready.
async fn failed_at_four(by_what: PageBy) -> (MockServer, Shared, World) {
    let (server, mood) = pages().await;
    let mut world = world_by(&server, by_what, |_| {}).await;
    fails(&mood, 4, 503);
    assert_eq!(world.attempt().await.unwrap_err().class, FailureClass::Transient);
    assert_eq!(mends(&mood), [1, 2, 3, 4]);
    world.next_attempt();
    (server, mood, world)
}

/// The attempt's folder in the spool; there is only one.
fn left(world: &World) -> PathBuf {
    let all: Vec<_> = std::fs::read_dir(world.folder.path().join("spool")).unwrap().flatten().collect();
    assert_eq!(all.len(), 1, "{all:?}");
    all[0].path()
}

/// All records came, each once, with so many pages of the attempt before; and the spool is empty.
async fn assert_whole(world: &World, outcome: Outcome, kept: Option<u64>) {
    assert_eq!((outcome.rows, outcome.pages_kept), (Some(53), kept));
    assert_eq!(world.value("select concat(count(*), ' ', count(distinct a)) from t").await, "53 53");
    world.assert_nothing_left().await;
}

#[tokio::test]
async fn the_next_attempt_goes_on_from_the_page_that_was_reached() {
    for by_what in [by_cursor(), numbered()] {
        let (_server, mood, mut world) = failed_at_four(by_what).await;
        let names: Vec<_> = std::fs::read_dir(left(&world)).unwrap().flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(names.len(), 4, "{names:?}");
        // Once more, further on.
        fails(&mood, 6, 502);
        world.attempt().await.unwrap_err();
        assert_eq!(mends(&mood), [4, 5, 6]);
        world.next_attempt();
        let outcome = world.attempt().await.unwrap();
        assert_eq!(mends(&mood), [6]);
        assert_whole(&world, outcome, Some(5)).await;
        assert!(world.host.find("going on from page 6: 5 pages with 50 records are here").is_some());
        assert!(world.host.find("53 records on 6 pages").is_some());
    }
}

#[tokio::test]
async fn a_stop_keeps_pages_too_and_so_does_a_target_that_fails() {
    let (server, mood) = pages().await;
    let mut world = world_by(&server, by_cursor(), |_| {}).await;
    let slow = ResponseTemplate::new(200).set_delay(std::time::Duration::from_mins(1));
    mood.lock().unwrap().instead.insert(3, slow);
    let stop = async {
        eventually("page 3 is asked for", async || mood.lock().unwrap().asked.contains(&3)).await;
        world.context.stop.cancel();
    };
    let (stopped, ()) = tokio::join!(world.attempt(), stop);
    assert_eq!(stopped.unwrap_err().class, FailureClass::Cancelled);
    mends(&mood);
    world.next_attempt();
    let away = Failure::transient(Code::StateUnavailable, Side::Internal, "away");
    *world.host.gate.lock().unwrap() = Some(away);
    assert_eq!(world.attempt().await.unwrap_err().message, "away");
    assert_eq!(mends(&mood), [3, 4, 5, 6]);
    *world.host.gate.lock().unwrap() = None;
    world.next_attempt();
    let outcome = world.attempt().await.unwrap();
    assert_eq!(mends(&mood), [0; 0]);
    assert_whole(&world, outcome, Some(6)).await;
}

#[tokio::test]
async fn nothing_is_kept_where_the_job_says_so_or_data_was_wrong() {
    let (server, mood) = pages().await;
    let world = world_by(&server, by_cursor(), |source| source.paginate.as_mut().unwrap().resume = false).await;
    fails(&mood, 4, 503);
    world.attempt().await.unwrap_err();
    world.assert_nothing_left().await;

    let mut world = world_by(&server, by_cursor(), |_| {}).await;
    fails(&mood, 4, 404);
    assert_eq!(world.attempt().await.unwrap_err().class, FailureClass::Permanent);
    world.assert_nothing_left().await;
    mends(&mood);
    world.step.expect = Expect { not_null: vec!["b".into()], ..Expect::default() };
    world.next_attempt();
    world.attempt().await.unwrap_err();
    world.assert_nothing_left().await;
}

#[tokio::test]
async fn a_cursor_that_has_expired_costs_the_pages_and_not_the_attempt() {
    let gone = ResponseTemplate::new(410);
    let empty = page(&[], json!({"meta": {}}));
    let said = ResponseTemplate::new(200).set_body_json(json!({"error": "the cursor has expired"}));
    for answer in [gone, empty, said] {
        let (_server, mood, world) = failed_at_four(by_cursor()).await;
        mood.lock().unwrap().instead.insert(4, answer);
        // The cursor of the second walk is another.
        let again = Arc::clone(&mood);
        *world.host.at_progress.lock().unwrap() = Some(Box::new(move |progress| {
            if progress.phase == "downloading page 1" {
                again.lock().unwrap().instead.clear();
            }
        }));
        let outcome = world.attempt().await.unwrap();
        assert_eq!(mends(&mood), [4, 1, 2, 3, 4, 5, 6]);
        assert!(world.host.find("so it begins anew").is_some());
        assert_whole(&world, outcome, None).await;
    }
}

#[tokio::test]
async fn rows_that_moved_between_two_attempts_fail_no_upsert() {
    let (_server, mood, mut world) = failed_at_four(numbered()).await;
    world.step.into.mode = LoadMode::Upsert;
    world.step.into.key = vec!["a".into()];
    // Page 4 now begins with the last record of page 3.
    mood.lock().unwrap().instead.insert(4, page(&records(29, 39, 53), json!({})));
    let again = Arc::clone(&mood);
    *world.host.at_progress.lock().unwrap() = Some(Box::new(move |progress| {
        if progress.phase == "downloading page 1" {
            again.lock().unwrap().instead.clear();
        }
    }));
    let outcome = world.attempt().await.unwrap();
    assert_eq!(mends(&mood), [4, 5, 6, 1, 2, 3, 4, 5, 6]);
    assert_whole(&world, outcome, None).await;
}

#[tokio::test]
async fn pages_of_another_request_round_run_or_time_are_not_gone_on_with() {
    let source = |world: &mut World, change: fn(&mut HttpSource)| {
        let CollectSource::Http(source) = &mut world.step.source else { panic!("it is HTTP") };
        change(source);
    };
    let edit = |world: &World, change: fn(&str) -> String| {
        let journal = left(world).join("pages");
        let text = std::fs::read_to_string(&journal).unwrap();
        std::fs::write(journal, change(&text)).unwrap();
    };
    for (index, why) in
        ["another request", "another round", "", "", "another start of this machine", "more than an hour", "not whole"]
            .into_iter()
            .enumerate()
    {
        let (_server, mood, mut world) = failed_at_four(by_cursor()).await;
        match index {
            0 => source(&mut world, |source| source.request.headers.push(("X-More".into(), "1".into()))),
            1 => world.context.round += 1,
            // Another daemon had an attempt in between.
            2 => world.context.attempt += 1,
            3 => {
                windlass::steps::clear_spool(&world.context.environment, world.context.run).unwrap();
                world.next_run();
            }
            4 => edit(&world, |text| text.replacen("\"boot\":\"", "\"boot\":\"x", 1)),
            5 => edit(&world, |text| text.replace("\"at\":1", "\"at\":")),
            _ => std::fs::write(left(&world).join("body-1"), "[").unwrap(),
        }
        let outcome = world.attempt().await.unwrap();
        assert_eq!(mends(&mood), [1, 2, 3, 4, 5, 6], "{why}");
        if !why.is_empty() {
            assert!(world.host.find(why).is_some(), "{why}: {:?}", world.host.lines.lock().unwrap());
        }
        assert_whole(&world, outcome, None).await;
    }
}

#[tokio::test]
async fn time_attempt_and_signature_may_differ_and_are_made_anew() {
    let (server, mood) = pages().await;
    let mut world = world_by(&server, by_cursor(), |source| {
        source.request.query.push(("now".into(), "{{ request.timestamp }}".into()));
        source.request.headers.push(("X-Attempt".into(), "{{ run.attempt }}".into()));
    })
    .await;
    fails(&mood, 4, 503);
    world.attempt().await.unwrap_err();
    mends(&mood);
    world.next_attempt();
    world.context.scope.run.attempt = 2;
    let outcome = world.attempt().await.unwrap();
    assert_eq!(mends(&mood), [4, 5, 6]);
    assert_whole(&world, outcome, Some(3)).await;
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.last().unwrap().headers["x-attempt"], "2");
}

#[tokio::test]
async fn circles_and_limits_count_the_pages_of_all_attempts() {
    let (_server, mood, world) = failed_at_four(by_cursor()).await;
    let back = page(&records(30, 40, 53), json!({"meta": {"next": 3}}));
    mood.lock().unwrap().instead.insert(4, back);
    let failure = world.attempt().await.unwrap_err();
    assert!(failure.message.contains("page 4 repeats the cursor `3`"), "{failure}");
    // It began anew, to be sure.
    assert_eq!(mends(&mood), [4, 1, 2, 3, 4]);

    // Pages of this server have 107 to 117 bytes, so this is enough for four of them.
    let (server, mood) = pages().await;
    let mut world = world_by(&server, by_cursor(), |source| source.max_bytes = 500).await;
    fails(&mood, 4, 503);
    world.attempt().await.unwrap_err();
    mends(&mood);
    world.next_attempt();
    assert_eq!(world.attempt().await.unwrap_err().code, Code::BodyTooLarge);
    assert_eq!(mends(&mood), [4, 5, 1, 2, 3, 4, 5]);
    world.assert_nothing_left().await;
}
