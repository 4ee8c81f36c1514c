//! `windlass doctor`: what it finds on real servers and files, and that what it says does mend it.

use windlass::duckdb::{DuckDbFile, OpenMode};
use windlass::store::Store;
use windlass::telemetry::Metrics;

use super::folder::Folder;
use crate::support::eventually;

/// The finding about this.
#[track_caller]
fn finding(found: &serde_json::Value, subject: &str, what: &str) -> serde_json::Value {
    let all = found.as_array().unwrap();
    let one = all.iter().find(|one| one["subject"] == subject && one["what"] == what);
    one.unwrap_or_else(|| panic!("nothing about {subject}, {what}: {found:#}")).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_is_well_and_the_daemon_keeps_what_it_found() {
    let folder = Folder::new().await;
    folder.sql_job("quick", "select 1");
    let found = folder.call(&["doctor", "--json"]).ends(0).json();
    assert_eq!(finding(&found, "state", "schema")["seen"], "not there yet; the first daemon makes it");
    for (subject, what) in
        [("connection pg", "login"), ("connection pg", "clock"), ("disk", "data_dir"), ("jobs", "files")]
    {
        assert_eq!(finding(&found, subject, what)["verdict"], "ok");
    }
    let serve = folder.start(&["serve"]);
    serve.says("ready").await;
    let store = Store::new(folder.database.server(), Metrics::new("test")).unwrap();
    eventually("the daemon has looked", async || !store.findings().await.unwrap().is_empty()).await;
    let kept = store.findings().await.unwrap();
    assert!(kept.iter().any(|one| one.finding.subject == "connection pg" && one.finding.what == "login"), "{kept:#?}");
    let shown = folder.call(&["doctor"]).ends(0).stdout;
    assert!(shown.contains("this Windlass has") && shown.contains("0 problems, 0 not to be looked at."), "{shown}");
    drop(serve);
    store.close();
    folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_comes_with_what_mends_it() {
    let folder = Folder::new().await;
    let name = folder.database.name().to_owned();
    let role = format!("doctor_{name}");
    let url = folder.database.url().to_owned();
    let of_role = {
        let (scheme, rest) = url.split_once("://").unwrap();
        let host = rest.split_once('@').map_or(rest, |(_, host)| host);
        format!("{scheme}://{role}@{host}")
    };
    let elsewhere = of_role.replace(&format!("/{name}"), &format!("/{name}_new"));
    folder.database.execute(&format!("create role \"{role}\" login")).await;
    let settings = std::fs::read_to_string(folder.path("windlass.yaml")).unwrap();
    let more = format!(
        "connections:\n  mart: {{postgres: {{url: \"{of_role}\"}}}}\n  new: {{postgres: {{url: \"{elsewhere}\"}}}}\n"
    );
    folder.write("windlass.yaml", &settings.replace("connections:\n", &more));
    folder.write(
        "jobs/ctas.yaml",
        "job: ctas\nsteps:\n  - id: a\n    parallel_ctas: {connection: mart, table: mart.t, query: select 1, \
         workers: {target: 900, minimum: 800}}\n",
    );
    folder.write("jobs/broken.yaml", "job: broken\nsteps: [");
    let found = folder.call(&["doctor", "--json"]).ends(1).json();
    assert_eq!(finding(&found, "jobs", "broken.yaml")["verdict"], "problem");
    let workers = finding(&found, "connection mart", "workers");
    assert!(workers["mend"].as_str().unwrap().contains("max_worker_processes = 90"), "{workers}");
    assert_eq!(workers["verdict"], "problem");
    let login = finding(&found, "connection new", "login");
    assert!(login["seen"].as_str().unwrap().contains("3D000"), "{login}");

    // What it says, pasted.
    for (subject, what) in [
        ("connection mart", "CREATE in mart"),
        ("connection mart", "pg_read_all_stats"),
        ("connection mart", "pg_signal_backend"),
        ("connection new", "login"),
    ] {
        folder.database.execute(finding(&found, subject, what)["mend"].as_str().unwrap()).await;
    }
    std::fs::remove_file(folder.path("jobs/broken.yaml")).unwrap();
    let found = folder.call(&["doctor", "--json"]).ends(1).json();
    for (subject, what) in [
        ("connection mart", "CREATE in mart"),
        ("connection mart", "pg_read_all_stats"),
        ("connection mart", "pg_signal_backend"),
        ("connection new", "login"),
    ] {
        assert_eq!(finding(&found, subject, what)["verdict"], "ok");
    }
    let clean = format!("drop schema mart cascade; drop database \"{name}_new\"");
    for statement in clean.split("; ") {
        folder.database.execute(statement).await;
    }
    folder.database.execute(&format!("drop owned by \"{role}\"; drop role \"{role}\"")).await;
    folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_file_open_and_who_is_away_is_said() {
    let folder = Folder::new().await;
    let settings = std::fs::read_to_string(folder.path("windlass.yaml")).unwrap();
    let more = "connections:\n  market: {duckdb: {path: market.db}}\n  lost: {duckdb: {path: nowhere/x.db}}\n  \
                away: {postgres: {url: \"postgres://me:s3cr3t-word@127.0.0.1:1/x\"}}\n";
    folder.write("windlass.yaml", &settings.replace("connections:\n", more));
    let session = DuckDbFile::new(folder.path("market.db")).open(OpenMode::ReadWrite).await.unwrap();
    let called = folder.call(&["doctor", "--json"]).ends(3);
    assert!(!called.stdout.contains("s3cr3t-word"), "{}", called.stdout);
    let found = called.json();
    let lock = finding(&found, "connection market", "lock");
    assert!(lock["seen"].as_str().unwrap().contains(&format!("process {}", std::process::id())), "{lock}");
    assert!(lock["seen"].as_str().unwrap().contains("for writing"), "{lock}");
    assert_eq!(finding(&found, "connection away", "reach")["verdict"], "unreachable");
    let lost = finding(&found, "connection lost", "file");
    assert!(lost["mend"].as_str().unwrap().starts_with("mkdir -p"), "{lost}");
    assert_eq!(finding(&found, "duckdb", "library")["verdict"], "ok");
    drop(session);
    folder.close().await;
}
