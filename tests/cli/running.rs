use nix::sys::signal::Signal;

use super::folder::{Folder, is_empty};
use crate::support::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_with_a_table_and_its_json_is_the_last_line() {
    let folder = Folder::new().await;
    folder.sql_job("fill", "create table t as select n from generate_series(1, {{ params.rows }}::int) n");
    let text = std::fs::read_to_string(folder.path("jobs/fill.yaml")).unwrap();
    folder.write("jobs/fill.yaml", &format!("params: {{rows: {{default: \"3\"}}}}\n{text}"));
    let run = folder.call(&["run", "fill", "--param", "rows=7"]).ends(0);
    assert!(run.stdout.contains("a     sql   succeeded         1"), "{}", run.stdout);

    folder.database.execute("drop table t").await;
    let run = folder.call(&["run", "jobs/fill.yaml", "--json"]).ends(0);
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
    let run = run.json();
    assert_eq!((&run["job"], &run["state"], &run["trigger"]), (&"fill".into(), &"succeeded".into(), &"manual".into()));
    assert_eq!(run["params"]["rows"], "3");
    let attempt = &run["steps"][0]["attempts"][0];
    assert_eq!((&attempt["number"], &attempt["state"]), (&1.into(), &"succeeded".into()));
    assert!(attempt["failure"].is_null() && attempt["outcome"]["rows"] == 3, "{attempt}");
    assert!(is_empty(&folder.path("data/spool")));
    folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_run_says_what_failed_what_was_done_and_what_to_do() {
    let folder = Folder::new().await;
    folder.sql_job("bad", "select * from nowhere");
    let run = folder.call(&["run", "bad"]).ends(1);
    let (_, failed) = run.stdout.split_once("what failed:").unwrap();
    let filters = vec![(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "RUN"), (r"/\S*/windlass ", "windlass ")];
    insta::with_settings!({filters => filters}, {
        insta::assert_snapshot!(failed.trim(), @r#"
        step a, attempt 1, target side
          WL0301 statement 1 of 1, line 1: `select * from nowhere`: relation "nowhere" does not exist (SQLSTATE 42P01)
            select * from nowhere
                          ^
        what was done: the step was tried once; what it had begun was undone
        what you can do:
          windlass explain WL0301
          windlass logs RUN
          windlass retry RUN
        "#);
    });
    // A reader that is gone doesn't change how a run came out.
    let script = format!("{} run bad | head -1; exit ${{PIPESTATUS[0]}}", env!("CARGO_BIN_EXE_windlass"));
    let piped = std::process::Command::new("bash").args(["-c", &script]).current_dir(folder.path("")).output().unwrap();
    assert_eq!(piped.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&piped.stderr);
    assert!(!errors.contains("panicked") && !errors.contains("pipe"), "{errors}");
    folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_cancels_on_the_server_and_leaves_nothing() {
    let folder = Folder::new().await;
    folder.sql_job("slow", "create table half as select 1 as n from pg_sleep(300)");
    let running = folder.start(&["run", "slow"]);
    let asleep = "select 1 from pg_stat_activity where query like '%pg_sleep(300)%' and pid <> pg_backend_pid()";
    let admin = folder.database.admin();
    eventually("the statement runs", async || admin.query_opt(asleep, &[]).await.unwrap().is_some()).await;
    running.signal(Signal::SIGINT);
    let called = running.end().await.ends(130);
    assert!(called.stdout.contains("slow: cancelled"), "{}", called.stdout);
    assert!(admin.query_opt(asleep, &[]).await.unwrap().is_none());
    let half: bool = admin.query_one("select to_regclass('half') is not null", &[]).await.unwrap().get(0);
    assert!(!half && is_empty(&folder.path("data/spool")));
    let runs = folder.call(&["runs", "--json"]).ends(0).json();
    assert_eq!(runs[0]["state"], "cancelled");
    folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_triggers_is_run_too() {
    let folder = Folder::new().await;
    folder.sql_job("second", "create table second as select 1 as n");
    folder.write("jobs/first.yaml", "job: first\nsteps:\n  - id: next\n    trigger: {job: second}\n");
    let run = folder.call(&["run", "first"]).ends(0);
    assert!(run.stdout.contains("second: succeeded"), "{}", run.stdout);
    folder.close().await;
}
