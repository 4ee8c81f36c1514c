//! A daemon that is killed while a report is being made: the report doesn't stay.

use std::sync::{Arc, Mutex};

use nix::sys::signal::Signal;
use serde_json::json;
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::cli::folder::{Folder, Running};
use crate::support::eventually;

/// What the server did.
#[derive(Default)]
struct State {
    created: u32,
    polls: u32,
    ready: bool,
    deleted: Vec<String>,
}

/// A server whose reports are ready once the test says so.
async fn reports() -> (MockServer, Arc<Mutex<State>>) {
    let server = MockServer::start().await;
    let state = Arc::new(Mutex::new(State::default()));
    let on = |with: fn(&mut State, &Request) -> ResponseTemplate| {
        let state = Arc::clone(&state);
        move |request: &Request| with(&mut state.lock().unwrap(), request)
    };
    let create = on(|state, _| {
        state.created += 1;
        ResponseTemplate::new(200).set_body_json(json!({"id": state.created, "access": "열쇠가 될 만한 것"}))
    });
    let poll = on(|state, _| {
        state.polls += 1;
        ResponseTemplate::new(200).set_body_json(json!({"ready": state.ready}))
    });
    let delete = on(|state, request| {
        state.deleted.push(request.url.as_str().rsplit_once('/').unwrap().1.to_owned());
        ResponseTemplate::new(204)
    });
    let rows = ResponseTemplate::new(200).set_body_json(json!([{"a": 1}]));
    Mock::given(method("POST")).and(path("/reports")).respond_with(create).mount(&server).await;
    Mock::given(method("GET")).and(path_regex("^/reports/[^/]+$")).respond_with(poll).mount(&server).await;
    Mock::given(method("GET")).and(path_regex("^/reports/[^/]+/data$")).respond_with(rows).mount(&server).await;
    Mock::given(method("DELETE")).respond_with(delete).mount(&server).await;
    (server, state)
}

/// A folder with a job that collects from there.
async fn folder(server: &MockServer) -> Folder {
    let folder = Folder::new().await;
    let api = server.uri();
    let job = format!(
        "job: report\nparams: {{account: {{default: a}}}}\nsteps:\n  - id: fetch\n    collect:\n      http:\n        \
         url: \"{api}/reports/{{{{ report.id }}}}/data\"\n        report:\n          create: {{url: \"{api}/reports\"}}\n          \
         poll: {{url: \"{api}/reports/{{{{ report.id }}}}\", until: poll.ready, every: 20ms}}\n          \
         delete: {{url: \"{api}/reports/{{{{ report.id }}}}\", query: {{of: \"{{{{ params.account }}}}\"}}}}\n      \
         into: {{connection: pg, table: t}}\n"
    );
    folder.write("jobs/report.yaml", &job);
    folder
}

fn trigger(folder: &Folder, account: &str) -> String {
    let called = folder.call(&["trigger", "report", "--param", &format!("account={account}"), "--json"]).ends(0);
    called.json()["id"].as_str().unwrap().to_owned()
}

async fn until_state(folder: &Folder, run: &str, state: &str) {
    eventually(&format!("the run is {state}"), async || {
        folder.database.value(&format!("select state from windlass.run where id = '{run}'")).await == state
    })
    .await;
}

/// Starts a run, and kills its daemon while the report is being made.
async fn killed(folder: &Folder, state: &Mutex<State>) -> String {
    let daemon = folder.start(&["serve"]);
    daemon.says("ready").await;
    let run = trigger(folder, "first");
    eventually("the report is being made", async || {
        let polls = state.lock().unwrap().polls;
        polls > 1 && folder.database.value("select count(*) from windlass.note").await == "1"
    })
    .await;
    assert_eq!(folder.database.value("select value from windlass.note").await, "{\"id\": 1}");
    daemon.signal(Signal::SIGKILL);
    run
}

async fn another_daemon(folder: &Folder) -> Running {
    let daemon = folder.start(&["serve"]);
    daemon.says("ready").await;
    daemon
}

async fn end(folder: Folder, daemon: Running) {
    assert_eq!(folder.database.value("select count(*) from windlass.note").await, "0");
    daemon.signal(Signal::SIGTERM);
    daemon.end().await.ends(0);
    folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_attempt_deletes_what_the_killed_one_had_made() {
    let (server, state) = reports().await;
    let folder = folder(&server).await;
    let run = killed(&folder, &state).await;
    state.lock().unwrap().ready = true;
    let daemon = another_daemon(&folder).await;
    until_state(&folder, &run, "succeeded").await;
    assert_eq!(state.lock().unwrap().deleted, ["1?of=first", "2?of=first"]);
    assert_eq!(folder.database.value("select count(*) from t").await, "1");
    end(folder, daemon).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_run_deletes_what_one_that_was_given_up_had_made() {
    let (server, state) = reports().await;
    let folder = folder(&server).await;
    let run = killed(&folder, &state).await;
    folder.call(&["cancel", &run]).ends(0);
    let daemon = another_daemon(&folder).await;
    until_state(&folder, &run, "cancelled").await;
    assert!(state.lock().unwrap().deleted.is_empty());
    state.lock().unwrap().ready = true;
    let next = trigger(&folder, "second");
    until_state(&folder, &next, "succeeded").await;
    // With the parameters of the run that had made it.
    assert_eq!(state.lock().unwrap().deleted, ["1?of=first", "2?of=second"]);
    end(folder, daemon).await;
}
