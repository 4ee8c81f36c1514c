//! One secret, put wherever a secret comes by, and found nowhere that anybody reads.

use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::cli::folder::{Called, Folder, windlass};
use crate::cli::serving::{address, get};
use crate::support::eventually;

const SECRET: &str = "s3cr3t+열쇠 ~*/&";

/// Forms in which it would be known again.
const FORMS: [&str; 3] = ["s3cr3t", "열쇠", "%EC%97%B4%EC%87%A0"];

/// Jobs that fail, each with the secret in what it says.
const JOBS: [(&str, &str); 5] = [
    ("in-a-url", "collect: {http: {url: \"SERVER/x?key={{ env.KEY }}\"}, into: {connection: pg, table: t}}"),
    (
        "in-a-body",
        "collect: {http: {url: \"SERVER/echo\", method: POST, body: \"{{ env.KEY }}\"}, into: {connection: pg, table: t}}",
    ),
    ("in-an-sql-error", "sql: {connection: pg, statement: \"select {{ env.KEY }}::int\"}"),
    (
        "in-an-environment",
        "command: {program: sh, args: [-c, \"env; env >&2; exit 3\"], env: {MINE: \"{{ env.KEY }}\"}}",
    ),
    (
        "in-an-output",
        "command: {program: sh, args: [-c, \"echo \\\"$1\\\"; echo \\\"$1\\\" >&2; exit 4\", x, \"{{ env.KEY }}\"]}",
    ),
];

/// All text of a folder's files.
fn text_of(folder: &std::path::Path) -> String {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let text = |path: std::path::PathBuf| {
        if path.is_dir() { text_of(&path) } else { String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned() }
    };
    entries.map(text).collect()
}

/// All rows of the state database as text.
async fn state_of(folder: &Folder) -> String {
    let tables = "select string_agg(format('select %L || t::text as line from windlass.%I as t', table_name, table_name), \
                  ' union all ') from information_schema.tables where table_schema = 'windlass'";
    let all = folder.database.value(tables).await;
    folder.database.value(&format!("select string_agg(line, E'\\n') from ({all}) as lines")).await
}

#[track_caller]
fn is_not_told(place: &str, text: &str) {
    assert!(!text.is_empty(), "nothing is in {place}");
    for form in FORMS {
        if let Some(at) = text.find(form) {
            let before: Vec<char> = text[..at].chars().rev().take(300).collect();
            panic!("{place} tells `{form}` after: {}", before.into_iter().rev().collect::<String>());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_nowhere_that_anybody_reads() {
    let server = MockServer::start().await;
    let echo = |request: &Request| {
        let said = format!("no: {} {}", request.url, String::from_utf8_lossy(&request.body));
        ResponseTemplate::new(500).set_body_string(said)
    };
    Mock::given(path("/alerts")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    Mock::given(any()).respond_with(echo).mount(&server).await;
    let folder = Folder::new().await;
    let settings = std::fs::read_to_string(folder.path("windlass.yaml")).unwrap();
    let more = format!("env: [KEY]\nnotify: {{on: [failed], webhook: \"{}/alerts\", fold: 0s}}\n", server.uri());
    folder.write("windlass.yaml", &format!("{settings}{more}"));
    for (name, step) in JOBS {
        let step = step.replace("SERVER", &server.uri());
        folder.write(&format!("jobs/{name}.yaml"), &format!("job: {name}\nsteps:\n  - id: a\n    {step}\n"));
    }
    let called = |arguments: &[&str]| {
        let mut command = windlass(arguments);
        Called::of(&command.env("KEY", SECRET).current_dir(folder.path("")).output().unwrap())
    };
    let serve = folder.start_with("serve.log", &["serve", "--log", "debug"], &[("KEY", SECRET)]);
    let address = address(&serve).await;
    serve.says("ready").await;
    for (name, _) in JOBS {
        called(&["trigger", name]).ends(0);
    }
    let ended = "select count(*) from windlass.run where state = 'failed'";
    let told = "select count(*) from windlass.alert where state = 'delivered'";
    eventually("all have failed", async || folder.database.value(ended).await == "5").await;
    eventually("all are told", async || folder.database.value(told).await == "5").await;

    let mut printed = String::new();
    for arguments in [&["runs", "--failed"][..], &["alerts", "--json"], &["jobs", "--json"]] {
        printed += &called(arguments).ends(0).stdout;
    }
    for (name, _) in JOBS {
        let runs = called(&["runs", "--job", name, "--json"]).ends(0);
        let id = runs.json()[0]["id"].as_str().unwrap().to_owned();
        let logs = called(&["logs", &id]).ends(0).stdout;
        assert!(logs.contains("***"), "{name} says it nowhere, so nothing is proved: {logs}");
        printed += &[runs.stdout, logs, called(&["show", &id]).ends(0).stdout].concat();
        let plan = called(&["plan", name]).ends(0);
        printed += &[plan.stdout, plan.stderr].concat();
    }
    let alerts = server.received_requests().await.unwrap();
    let alerts = alerts.iter().filter(|request| request.url.path() == "/alerts");
    let alerts: String = alerts.map(|request| String::from_utf8_lossy(&request.body).into_owned()).collect();
    for (place, text) in [
        ("the daemon's log", serve.errors()),
        ("logs of attempts", text_of(&folder.path("data"))),
        ("what is printed", printed),
        ("metrics", get(&address, "/metrics").await.1),
        ("the state database", state_of(&folder).await),
        ("alerts", alerts),
    ] {
        is_not_told(place, &text);
    }
    drop(serve);
    folder.close().await;
}
