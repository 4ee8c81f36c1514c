use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::folder::{Folder, Running};
use crate::support::eventually;

/// A GET over a plain socket: status line and body.
pub(super) async fn get(address: &str, path: &str) -> (String, String) {
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

pub(super) async fn address(running: &Running) -> String {
    let line = running.says("listening").await;
    line.split("address=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
}

fn state_of(folder: &Folder, id: &str) -> String {
    folder.call(&["show", id, "--json"]).ends(0).json()["state"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_runs_what_is_triggered_counts_it_and_drains() {
    let folder = Folder::new().await;
    folder.sql_job("quick", "create table if not exists quick (n int)");
    folder.sql_job("slow", "create table slow as select 1 as n from pg_sleep(2)");
    let serve = folder.start(&["serve"]);
    let address = address(&serve).await;
    serve.says("ready").await;
    assert!(get(&address, "/healthz").await.0.contains("200"));
    assert!(get(&address, "/readyz").await.0.contains("200"));

    let id = folder.call(&["trigger", "quick", "--json"]).ends(0).json()["id"].as_str().unwrap().to_owned();
    eventually("the run has ended", async || state_of(&folder, &id) == "succeeded").await;
    let (_, metrics) = get(&address, "/metrics").await;
    assert!(metrics.contains("windlass_runs_total{job=\"quick\",outcome=\"succeeded\"} 1"), "{metrics}");

    let slow = folder.call(&["trigger", "slow", "--json"]).ends(0).json()["id"].as_str().unwrap().to_owned();
    eventually("the slow run is running", async || state_of(&folder, &slow) == "running").await;
    serve.signal(Signal::SIGTERM);
    serve.end().await.ends(0);
    assert_eq!(state_of(&folder, &slow), "succeeded");
    folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_keeps_its_last_good_version_and_a_reload_reads_anew() {
    let folder = Folder::new().await;
    folder.sql_job("kept", "select 1");
    folder.sql_job("gone", "select 1");
    let serve = folder.start(&["serve"]);
    serve.says("ready").await;
    folder.write("jobs/kept.yaml", "job: kept\nsteps: [");
    std::fs::remove_file(folder.path("jobs/gone.yaml")).unwrap();
    folder.sql_job("added", "select 1");
    serve.signal(Signal::SIGHUP);
    serve.says("broken=1").await;
    let jobs = folder.call(&["jobs", "--json"]).ends(0).json();
    let names: Vec<&str> = jobs.as_array().unwrap().iter().map(|job| job["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["added", "kept"]);
    serve.signal(Signal::SIGINT);
    let called = serve.end().await.ends(0);
    assert!(called.stderr.contains("kept.yaml"), "{}", called.stderr);
    folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_starts_while_its_state_database_is_away_and_refuses_a_port_that_is_taken() {
    let folder = Folder::new().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let away = "state: {postgres: {url: \"postgres://me@127.0.0.1:1/x\"}}\n";
    folder.write("windlass.yaml", &format!("data_dir: data\n{away}http: {{listen: \"127.0.0.1:{port}\"}}\n"));
    let refused = folder.call(&["serve"]).ends(3);
    assert!(refused.stderr.contains("another program listens there"), "{}", refused.stderr);

    folder.write("windlass.yaml", &format!("data_dir: data\n{away}http: {{listen: \"127.0.0.1:0\"}}\n"));
    let serve = folder.start(&["serve"]);
    let address = address(&serve).await;
    serve.says("waiting for the state database").await;
    assert!(get(&address, "/healthz").await.0.contains("200"));
    let (status, body) = get(&address, "/readyz").await;
    assert!(status.contains("503") && body.contains("\"ready\":false"), "{status} {body}");
    serve.signal(Signal::SIGTERM);
    serve.end().await.ends(0);
    folder.close().await;
}
