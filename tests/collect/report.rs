//! The report protocol, against a server that behaves like the one of the field case.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use windlass::domain::code::Code;
use windlass::domain::failure::FailureClass;
use windlass::domain::step::{BodyFormat, CollectSource, HttpRequest, Poll, Report};
use windlass::steps::Host;
use wiremock::matchers::{any, method, path, path_regex};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::world::{self, BOTH, To, World};

/// What the server did.
#[derive(Default)]
struct State {
    created: u32,
    polls: u32,
    downloads: u32,
    deleted: Vec<String>,
}

/// A server whose report is ready at the given look; asked for the report too early it answers `200` with nothing.
async fn reports(ready_at: u32) -> (MockServer, Arc<Mutex<State>>) {
    let server = MockServer::start().await;
    let state = Arc::new(Mutex::new(State::default()));
    let on = |with: fn(&mut State, u32, &Request) -> ResponseTemplate| {
        let state = Arc::clone(&state);
        move |request: &Request| with(&mut state.lock().unwrap(), ready_at, request)
    };
    let create = on(|state, _, _| {
        state.created += 1;
        ResponseTemplate::new(200).set_body_json(json!({"id": format!("보고서 {}", state.created)}))
    });
    let poll = on(|state, ready_at, _| {
        state.polls += 1;
        match state.polls {
            1 => ResponseTemplate::new(200).set_body_string("[]"),
            2 => ResponseTemplate::new(503),
            look if look >= ready_at => ResponseTemplate::new(200).set_body_json(json!({"status": "BUILT"})),
            _ => ResponseTemplate::new(200).set_body_json(json!({"status": "RUNNING"})),
        }
    });
    let download = on(|state, ready_at, _| {
        state.downloads += 1;
        let early = state.polls < ready_at;
        ResponseTemplate::new(200).set_body_string(if early { "[]" } else { "[{\"a\": 1}, {\"a\": 2}]" })
    });
    let delete = on(|state, _, request| {
        state.deleted.push(request.url.path().to_owned());
        ResponseTemplate::new(204)
    });
    Mock::given(method("POST")).and(path("/reports")).respond_with(create).mount(&server).await;
    Mock::given(method("GET")).and(path_regex("^/reports/[^/]+$")).respond_with(poll).mount(&server).await;
    Mock::given(method("GET")).and(path_regex("^/reports/[^/]+/data$")).respond_with(download).mount(&server).await;
    Mock::given(method("DELETE")).and(any()).respond_with(delete).mount(&server).await;
    (server, state)
}

fn source(server: &MockServer) -> CollectSource {
    let url = |rest: &str| format!("{}/reports{rest}", server.uri());
    let mut source = world::source(&url("/{{ report.id }}/data"), BodyFormat::Json);
    source.report = Some(Report {
        create: HttpRequest::new("POST", url("")),
        poll: Poll {
            request: HttpRequest::new("GET", url("/{{ report.id }}")),
            until: "poll.status == 'BUILT'".into(),
            failed_if: Some("poll.status == 'FAILED'".into()),
            every: Duration::from_millis(5),
            timeout: Duration::from_secs(20),
        },
        delete: Some(HttpRequest::new("DELETE", url("/{{ report.id }}"))),
    });
    CollectSource::Http(Box::new(source))
}

const DELETED: &str = "/reports/%EB%B3%B4%EA%B3%A0%EC%84%9C%201";

#[tokio::test]
async fn it_waits_until_the_report_is_ready_and_deletes_what_it_created() {
    for to in BOTH {
        let (server, state) = reports(4).await;
        let world = World::new(to, source(&server)).await;
        assert_eq!(world.run().await.unwrap().rows, Some(2));
        assert_eq!(world.value("select sum(a) from t").await, "3");
        {
            let state = state.lock().unwrap();
            assert_eq!((state.created, state.polls, state.downloads), (1, 4, 1));
            assert_eq!(state.deleted, [DELETED]);
        }
        world.close().await;
    }
}

#[tokio::test]
async fn a_report_that_takes_too_long_is_a_timeout_and_is_deleted() {
    let (server, state) = reports(u32::MAX).await;
    let mut world = World::new(To::DuckDb, source(&server)).await;
    if let CollectSource::Http(source) = &mut world.step.source {
        source.report.as_mut().unwrap().poll.timeout = Duration::from_millis(200);
    }
    let failure = world.failure().await;
    assert_eq!((failure.code, failure.class), (Code::ReportNotReady, FailureClass::Timeout));
    assert!(failure.message.contains("not ready within 200ms; its last word: {\"status\":\"RUNNING\"}"), "{failure}");
    assert_eq!(state.lock().unwrap().deleted, [DELETED]);
}

#[tokio::test]
async fn it_is_deleted_when_the_step_is_stopped_and_when_the_download_fails() {
    let (server, state) = reports(u32::MAX).await;
    let world = World::new(To::DuckDb, source(&server)).await;
    let stop = async {
        world.host.progress_with(|progress| progress.phase.contains("look 3")).await;
        world.context.stop.cancel();
    };
    let (failure, ()) = tokio::join!(world.failure(), stop);
    assert_eq!(failure.code, Code::Cancelled);
    assert_eq!(state.lock().unwrap().deleted, [DELETED]);

    let (server, state) = reports(3).await;
    let mut world = World::new(To::DuckDb, source(&server)).await;
    if let CollectSource::Http(source) = &mut world.step.source {
        source.request.url = format!("{}/elsewhere", server.uri()).as_str().into();
    }
    let failure = world.failure().await;
    assert_eq!((failure.code, failure.class), (Code::HttpStatus, FailureClass::Permanent));
    assert_eq!(state.lock().unwrap().deleted, [DELETED]);
}

#[tokio::test]
async fn a_report_that_is_being_created_when_the_step_is_stopped_is_deleted_too() {
    let (server, state) = reports(1).await;
    let slow = ResponseTemplate::new(200).set_body_json(json!({"id": "late"})).set_delay(Duration::from_millis(300));
    Mock::given(path("/slow")).respond_with(slow).mount(&server).await;
    let mut world = World::new(To::DuckDb, source(&server)).await;
    if let CollectSource::Http(source) = &mut world.step.source {
        source.report.as_mut().unwrap().create.url = format!("{}/slow", server.uri()).as_str().into();
    }
    let stop = async {
        world.host.progress_with(|progress| progress.phase == "creating the report").await;
        world.context.stop.cancel();
    };
    let (failure, ()) = tokio::join!(world.failure(), stop);
    assert_eq!(failure.code, Code::Cancelled);
    let state = state.lock().unwrap();
    assert_eq!((state.deleted.as_slice(), state.polls), (["/reports/late".to_owned()].as_slice(), 0));
}

#[tokio::test]
async fn a_report_that_cannot_be_created_is_not_deleted() {
    let (server, state) = reports(3).await;
    let mut world = World::new(To::DuckDb, source(&server)).await;
    if let CollectSource::Http(source) = &mut world.step.source {
        source.report.as_mut().unwrap().create.url = format!("{}/nowhere", server.uri()).as_str().into();
    }
    assert_eq!(world.failure().await.code, Code::HttpStatus);
    assert!(state.lock().unwrap().deleted.is_empty());
}

#[tokio::test]
async fn a_report_that_the_server_gives_up_fails_at_once_and_is_deleted() {
    let (server, state) = reports(u32::MAX).await;
    let mut world = World::new(To::DuckDb, source(&server)).await;
    if let CollectSource::Http(source) = &mut world.step.source {
        source.report.as_mut().unwrap().poll.failed_if = Some("poll.status == 'RUNNING'".into());
    }
    let failure = world.failure().await;
    assert_eq!((failure.code, failure.class), (Code::ReportNotReady, FailureClass::Permanent));
    assert!(failure.message.contains("will not be ready; its last word: {\"status\":\"RUNNING\"}"), "{failure}");
    let state = state.lock().unwrap();
    assert_eq!((state.polls, state.deleted.as_slice()), (3, [DELETED.to_owned()].as_slice()));
}

#[tokio::test]
async fn a_note_is_kept_of_a_report_for_as_long_as_it_is_there() {
    let (server, state) = reports(u32::MAX).await;
    let world = World::new(To::DuckDb, source(&server)).await;
    let stop = async {
        world.host.progress_with(|progress| progress.phase.contains("look 3")).await;
        let notes = world.host.notes.lock().unwrap().clone();
        assert_eq!((notes.len(), &notes[0].value), (1, &json!({"id": "보고서 1"})));
        world.context.stop.cancel();
    };
    let (failure, ()) = tokio::join!(world.failure(), stop);
    assert_eq!(failure.code, Code::Cancelled);
    assert_eq!(state.lock().unwrap().deleted, [DELETED]);
    assert!(world.host.notes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_an_earlier_attempt_left_is_deleted_first_and_what_cannot_be_stays_noted() {
    let (server, state) = reports(3).await;
    let world = World::new(To::DuckDb, source(&server)).await;
    Mock::given(method("DELETE"))
        .and(path("/reports/gone"))
        .respond_with(ResponseTemplate::new(404))
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(method("DELETE"))
        .and(path("/reports/kept"))
        .respond_with(ResponseTemplate::new(403))
        .with_priority(1)
        .mount(&server)
        .await;
    for id in ["left", "gone", "kept"] {
        world.host.note("report/1", json!({"id": id})).await.unwrap();
    }
    // Not about a report.
    world.host.note("something", json!(1)).await.unwrap();
    world.run().await.unwrap();
    assert_eq!(state.lock().unwrap().deleted, ["/reports/left", DELETED]);
    let kept: Vec<_> = world.host.notes.lock().unwrap().iter().map(|note| note.value.clone()).collect();
    assert_eq!(kept, [json!({"id": "kept"}), json!(1)]);
    assert!(world.host.find("that an earlier attempt left was not deleted").is_some());
}
