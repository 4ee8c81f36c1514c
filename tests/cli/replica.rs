//! `windlass replica`, and how old a daemon says a replica is.

use std::path::Path;

use nix::sys::signal::Signal;

use super::folder::Folder;
use super::serving::{address, get};
use crate::publish::world::write;
use crate::support::eventually;

const JOB: &str = "job: publish
params:
  name: {default: stock}
steps:
  - id: publish
    publish_replica:
      from: {connection: market}
      to: \"{{ params.name }}.db\"
      max_age: 1h
";

/// A folder with a master and a job that publishes it.
async fn folder() -> Folder {
    let folder = Folder::new().await;
    let settings = std::fs::read_to_string(folder.path("windlass.yaml")).unwrap();
    let connection = "connections:\n  market: {duckdb: {path: master.db}}\n";
    folder.write("windlass.yaml", &settings.replace("connections:\n", connection));
    folder.write("jobs/publish.yaml", JOB);
    write(&folder.path("master.db"), "create table prices as select range as id from range(1000)").await;
    folder
}

/// A replica's path as it is printed.
fn path(folder: &Folder) -> String {
    folder.path("jobs").canonicalize().unwrap().join("stock.db").display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn status_verify_and_rollback_by_path_and_by_job() {
    let folder = folder().await;
    let missing = folder.call(&["replica", "status", "publish"]).ends(1);
    assert!(missing.stdout.contains("stock.db is not there"), "{}", missing.stdout);
    folder.call(&["run", "publish"]).ends(0);
    write(&folder.path("master.db"), "insert into prices values (-1)").await;
    folder.call(&["run", "publish"]).ends(0);

    for name in ["publish", "jobs/stock.db", "./jobs/publish.yaml"] {
        let status = folder.call(&["replica", "status", name]).ends(0).stdout;
        assert!(status.contains("generation 2, ") && status.contains("1 001"), "{name}: {status}");
        assert!(status.contains("\n* 2 ") && status.contains("\n  1 "), "{status}");
    }
    let status = folder.call(&["replica", "status", "publish", "--json"]).ends(0).json();
    assert_eq!(status[0]["replica"], path(&folder));
    assert_eq!((status[0]["ok"].as_bool(), status[0]["max_age_s"].as_f64()), (Some(true), Some(3600.0)));
    assert_eq!(
        (status[0]["manifest"]["generation"].as_u64(), status[0]["kept"].as_array().unwrap().len()),
        (Some(2), 2)
    );
    let whole = folder.call(&["replica", "verify", "publish"]).ends(0).stdout;
    assert!(whole.contains("generation 2 is whole") && whole.contains("1 001 rows of 1 tables"), "{whole}");

    let back = folder.call(&["replica", "rollback", "publish"]).ends(0).stdout;
    assert!(back.contains("stock.db is generation 1 again") && back.contains("it was 2"), "{back}");
    let manifest = folder.call(&["replica", "rollback", "publish", "--to", "2", "--json"]).ends(0).json();
    assert_eq!((manifest["generation"].as_u64(), manifest["rolled_back_from"].as_u64()), (Some(2), Some(1)));
    let none = folder.call(&["replica", "rollback", "publish", "--to", "7"]).ends(2);
    assert!(none.stderr.contains("generation 7 is not there") && none.stderr.contains("kept are 1, 2"), "{none:?}");
    let nobody = folder.call(&["replica", "status", "publsh"]).ends(2);
    assert!(nobody.stderr.contains("did you mean `publish`"), "{}", nobody.stderr);
    let other = folder.call(&["replica", "status", "publish", "--param", "name=other"]).ends(1);
    assert!(other.stdout.contains("other.db is not there"), "{}", other.stdout);

    put_another_in_its_place(&folder.path("jobs/stock.db"));
    for command in ["status", "verify"] {
        let wrong = folder.call(&["replica", command, "publish"]).ends(1).stdout;
        assert!(wrong.contains("not the file of generation 2"), "{wrong}");
    }
    let wrong = folder.call(&["replica", "verify", "publish", "--json"]).ends(1).json();
    assert!(wrong[0]["problems"].to_string().contains("SHA-256"), "{wrong}");
    folder.call(&["run", "publish"]).ends(0);
    folder.call(&["replica", "verify", "publish"]).ends(0);
    folder.close().await;
}

/// The same file, but for its last byte, under the replica's name.
fn put_another_in_its_place(replica: &Path) {
    let mut bytes = std::fs::read(replica).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::remove_file(replica).unwrap();
    std::fs::write(replica, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_says_how_old_replicas_are_also_of_jobs_that_never_ran() {
    let folder = folder().await;
    let serve = folder.start(&["serve"]);
    let address = address(&serve).await;
    let replica = path(&folder);
    let line = |name: &str, value: &str| format!("windlass_replica_{name}{{replica=\"{replica}\"}} {value}\n");
    let line = &line;
    let shows = async |lines: Vec<String>| {
        let (_, metrics) = get(&address, "/metrics").await;
        lines.iter().all(|line| metrics.contains(line.as_str()))
    };
    eventually("the daemon says that it is stale", async || {
        shows(vec![line("published_timestamp_seconds", "0"), line("max_age_seconds", "3600"), line("stale", "1")]).await
    })
    .await;
    serve.says("the replica is stale").await;
    folder.call(&["trigger", "publish"]).ends(0);
    eventually("the run has published", async || shows(vec![line("generation", "1")]).await).await;
    serve.signal(Signal::SIGTERM);
    serve.end().await.ends(0);

    // A daemon that begins reads what is there.
    let serve = folder.start(&["serve"]);
    let address = super::serving::address(&serve).await;
    eventually("the next daemon says that it is fresh", async || {
        let (_, metrics) = get(&address, "/metrics").await;
        let lines = [line("stale", "0"), line("generation", "1"), line("rows", "1000")];
        lines.iter().all(|line| metrics.contains(line.as_str()))
    })
    .await;
    serve.signal(Signal::SIGTERM);
    serve.end().await.ends(0);
    folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_from_a_step_that_had_succeeded_publishes_anew() {
    let folder = folder().await;
    let then_fails = "  - id: fails\n    sql: {connection: pg, statement: \"select * from nowhere\"}\n";
    folder.write("jobs/publish.yaml", &format!("{JOB}{then_fails}"));
    let serve = folder.start(&["serve"]);
    serve.says("ready").await;
    let run = folder.call(&["trigger", "publish", "--json"]).ends(0).json()["id"].as_str().unwrap().to_owned();
    let generation_when_failed = async |attempts: usize| {
        eventually("the run has failed", async || {
            let run = folder.call(&["show", &run, "--json"]).ends(0).json();
            run["state"] == "failed" && run["steps"][1]["attempts"].as_array().unwrap().len() == attempts
        })
        .await;
        folder.call(&["replica", "status", "publish", "--json"]).ends(0).json()[0]["manifest"]["generation"].as_u64()
    };
    assert_eq!(generation_when_failed(1).await, Some(1));
    folder.call(&["retry", &run, "--from", "publish"]).ends(0);
    assert_eq!(generation_when_failed(2).await, Some(2));
    serve.signal(Signal::SIGTERM);
    serve.end().await.ends(0);
    folder.close().await;
}
