use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::folder::{Folder, Running};
use crate::support::eventually;

/// A GET over a plain socket: status line and body.
pub(crate) async fn get(address: &str, path: &str) -> (String, String) {
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

pub(crate) async fn address(running: &Running) -> String {
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
    eventually("the files are the jobs", async || names_of(&folder) == ["added", "kept"]).await;
    serve.signal(Signal::SIGINT);
    let called = serve.end().await.ends(0);
    assert!(called.stderr.contains("kept.yaml"), "{}", called.stderr);
    folder.close().await;
}

fn names_of(folder: &Folder) -> Vec<String> {
    let jobs = folder.call(&["jobs", "--json"]).ends(0).json();
    jobs.as_array().unwrap().iter().map(|job| job["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_picked_up_when_they_change_and_a_run_keeps_what_it_began_with() {
    let folder = Folder::new().await;
    folder.database.execute("create table go as select 1; create table said (word text)").await;
    let wait = "do $$ begin while exists (select from go) loop perform pg_sleep(0.02); end loop; end $$;";
    let says = |word: &str| folder.sql_job("slow", &format!("{wait} insert into said values ('{word}')"));
    let uses = |file: &str| format!("job: {file}\nsteps: [{{id: a, sql: {{connection: pg, file: q.sql}}}}]\n");
    says("old");
    folder.sql_job("gone", "select 1");
    folder.write("jobs/q.sql", "insert into said values ('first')");
    folder.write("jobs/file.yaml", &uses("file"));
    let serve = folder.start(&["serve"]);
    serve.says("ready").await;
    let id = folder.call(&["trigger", "slow", "--json"]).ends(0).json()["id"].as_str().unwrap().to_owned();
    eventually("the run is running", async || state_of(&folder, &id) == "running").await;

    says("new");
    folder.write("jobs/q.sql", "insert into said values ('second')");
    folder.write("added", &uses("added"));
    std::fs::rename(folder.path("added"), folder.path("jobs/added.yaml")).unwrap();
    folder.write("jobs/.#draft.yaml", "job: draft\n");
    std::fs::remove_file(folder.path("jobs/gone.yaml")).unwrap();
    eventually("the files are the jobs", async || names_of(&folder) == ["added", "file", "slow"]).await;
    folder.write("jobs/added.yaml", "job: added\nsteps: [");
    eventually("a broken file is shown", async || {
        let jobs = folder.call(&["jobs"]).ends(0).stdout;
        jobs.contains("added: its file is broken since") && jobs.contains("added.yaml:")
    })
    .await;

    folder.database.execute("delete from go").await;
    eventually("the run has ended", async || state_of(&folder, &id) == "succeeded").await;
    for job in ["slow", "file", "added"] {
        let id = folder.call(&["trigger", job, "--json"]).ends(0).json()["id"].as_str().unwrap().to_owned();
        eventually("the run has ended", async || state_of(&folder, &id) == "succeeded").await;
    }
    let said = folder.database.value("select string_agg(word, ' ' order by ctid) from said").await;
    assert_eq!(said, "old new second second", "the broken file's last good version was run");
    serve.signal(Signal::SIGINT);
    serve.end().await.ends(0);
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
