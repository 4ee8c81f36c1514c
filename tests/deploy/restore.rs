//! The way back from a backup, as docs/OPERATIONS.md has it: nothing that ran after the backup runs again.

use std::process::Stdio;

use nix::sys::signal::Signal;

use super::{ANYWHERE, write_settings};
use crate::cli::folder::Folder;
use crate::support::{PrivateServer, eventually};

/// Runs one of PostgreSQL's programs as the server's user.
fn run(server: &PrivateServer, program: &str, arguments: &[&str], input: Option<&[u8]>) -> Vec<u8> {
    let mut command = server.program(program);
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    if let Some(input) = input {
        std::io::Write::write_all(child.stdin.as_mut().unwrap(), input).unwrap();
    }
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A job that is due every second, and one that goes on until it is cancelled.
async fn prepare(state: &str) -> Folder {
    let folder = Folder::new().await;
    write_settings(&folder, state, ANYWHERE, &[("pg", folder.database.url())]);
    let tables = "create table did (due timestamptz); create table gate (n int); insert into gate values (1)";
    folder.database.execute(tables).await;
    let step =
        "steps: [{id: a, sql: {connection: pg, statement: \"insert into did values ({{ run.scheduled_for }})\"}}]";
    folder.write("jobs/tick.yaml", &format!("job: tick\nschedule: {{every: 1s, missed: all}}\n{step}\n"));
    folder.sql_job("slow", "do $$ begin while exists (select from gate) loop perform pg_sleep(0.02); end loop; end $$");
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_state_runs_nothing_twice() {
    let server = PrivateServer::start(&[], false).await;
    let psql = server.embedded().binaries().program("psql").is_file();
    if !psql || !server.embedded().binaries().program("pg_dump").is_file() {
        return crate::support::skipped("psql and pg_dump are not beside the server's programs");
    }
    let state = server.embedded().url("postgres");
    let folder = prepare(&state).await;
    let count =
        async || folder.database.admin().query_one("select count(*) from did", &[]).await.unwrap().get::<_, i64>(0);
    let serve = folder.start(&["serve"]);
    serve.says("ready").await;
    let slow = folder.call(&["trigger", "slow", "--json"]).ends(0).json()["id"].as_str().unwrap().to_owned();
    let is = |run: &str| folder.call(&["show", run, "--json"]).ends(0).json()["state"].as_str().unwrap().to_owned();
    eventually("it has run", async || count().await > 1 && is(&slow) == "running").await;

    let backup = run(&server, "pg_dump", &["--schema=windlass", "--dbname", &state], None);
    let then = count().await;
    eventually("it has gone on since", async || count().await > then + 2).await;
    serve.signal(Signal::SIGKILL);
    serve.end().await;
    let session = server.server("postgres").connect("test-admin").await.unwrap();
    session.client().batch_execute("drop schema windlass cascade").await.unwrap();

    // As the page says: restore, then pause and cancel before a daemon looks.
    run(&server, "psql", &["--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", &state], Some(&backup));
    let jobs = folder.call(&["jobs", "--json"]).ends(0).json();
    for job in jobs.as_array().unwrap() {
        folder.call(&["pause", job["name"].as_str().unwrap(), "--yes"]).ends(0);
    }
    let open = folder
        .call(&["runs", "--state", "queued", "--state", "waiting", "--state", "running", "--json"])
        .ends(0)
        .json();
    assert!(open.as_array().unwrap().iter().any(|run| run["id"] == slow.as_str()), "{open}");
    for run in open.as_array().unwrap() {
        folder.call(&["cancel", run["id"].as_str().unwrap()]).ends(0);
    }
    let serve = folder.start_as("after.log", &["serve"]);
    serve.says("ready").await;
    eventually("what was open is cancelled", async || is(&slow) == "cancelled").await;
    let firings = || folder.call(&["firings", "tick", "--json"]).ends(0).json();
    let skipped = async || firings().as_array().unwrap().iter().any(|firing| firing["reason"] == "paused");
    eventually("due times since the backup are in the ledger, as skipped", skipped).await;
    folder.call(&["resume", "tick", "--yes"]).ends(0);
    let then = count().await;
    eventually("it goes on", async || count().await > then).await;
    serve.signal(Signal::SIGTERM);
    serve.end().await.ends(0);
    let twice = "select count(*) from (select from did group by due having count(*) > 1) as twice";
    assert_eq!(folder.database.admin().query_one(twice, &[]).await.unwrap().get::<_, i64>(0), 0);
    folder.close().await;
}
