//! No action without its entry, by commands.

use super::folder::Folder;

/// What was done.
const ACTS: &str = "select string_agg(concat_ws(' ', action, job, detail), E'\\n' order by id) from windlass.audit";

/// All that the commands here change.
const STATE: &str = "select jsonb_build_object('runs', (select jsonb_agg(jsonb_build_array(id, state) order by id) from windlass.run), \
                     'pauses', (select jsonb_agg(paused_at is null order by name) from windlass.job))";

#[tokio::test(flavor = "multi_thread")]
async fn what_cant_be_recorded_isnt_done_by_a_command() {
    let folder = Folder::new().await;
    let daily = "schedule: {cron: \"@daily\"}\nsteps:\n  - id: a\n    sql: {connection: pg, statement: select 1}\n";
    folder.write("jobs/daily.yaml", &format!("job: daily\n{daily}"));
    folder.sql_job("flaky", "select 1 / 0");
    folder.call(&["run", "flaky"]).ends(1);
    let failed = folder.call(&["runs", "--json"]).ends(0).json()[0]["id"].as_str().unwrap().to_owned();
    let queued = folder.call(&["trigger", "daily", "--json"]).ends(0).json()["id"].as_str().unwrap().to_owned();
    let commands: [&[&str]; 6] = [
        &["trigger", "daily"],
        &["pause", "daily", "--note", "moving house"],
        &["backfill", "daily", "--from", "2026-01-01", "--to", "2026-01-02"],
        &["cancel", &queued],
        &["retry", &failed],
        &["run", "daily"],
    ];
    folder.database.execute("truncate windlass.audit").await;
    let before = folder.database.value(STATE).await;
    folder.database.refuse_record("insert").await;
    for command in commands {
        let refused = folder.call(command);
        assert!(refused.code != Some(0) && refused.stderr.contains("no record"), "{command:?}: {refused:#?}");
        assert_eq!(folder.database.value(STATE).await, before, "{command:?} has changed something");
    }
    folder.database.record_again().await;
    for command in commands {
        folder.call(command).ends(0);
    }
    folder.call(&["resume", "daily", "--run-missed", "all"]).ends(0);
    let entries = [
        "trigger daily {}",
        r#"pause daily {"note": "moving house"}"#,
        r#"backfill daily {"runs": 2}"#,
        "cancel daily {}",
        r#"retry flaky {"from": "a"}"#,
        "run daily {}",
        r#"resume daily {"runs": 0, "run_missed": "all"}"#,
    ];
    assert_eq!(folder.database.value(ACTS).await.lines().collect::<Vec<_>>(), entries);
    folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_elsewhere_is_entered_first_and_can_be_done_without_the_state_database_if_one_insists() {
    let folder = Folder::new().await;
    folder.write("jobs/tell", "#!/bin/sh\ncat > told\n");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path("jobs/tell"), executable).unwrap();
    let told = folder.path("told").display().to_string();
    let program = format!("notify: {{on: [failed], command: {{program: /bin/sh, args: [-c, \"cat > {told}\"]}}}}\n");
    let publish =
        "steps:\n  - id: publish\n    publish_replica: {from: {connection: pg, tables: [public.t]}, to: t.db}\n";
    folder.write("jobs/publish.yaml", &format!("job: publish\n{program}{publish}"));
    folder.database.execute("create table public.t as select 1 as id").await;
    folder.call(&["run", "publish"]).ends(0);
    folder.database.execute("insert into public.t values (2)").await;
    folder.call(&["run", "publish"]).ends(0);
    folder.database.execute("truncate windlass.audit").await;
    let generation = || {
        let seen = folder.call(&["replica", "status", "publish", "--json"]).ends(0).json();
        seen[0]["manifest"]["generation"].as_u64().unwrap()
    };

    folder.database.refuse_record("insert").await;
    assert_ne!(folder.call(&["replica", "rollback", "publish"]).code, Some(0));
    assert_ne!(folder.call(&["notify", "test", "publish"]).code, Some(0));
    assert!(generation() == 2 && !folder.path("told").exists(), "done without an entry");
    folder.database.record_again().await;

    folder.call(&["notify", "test", "publish"]).ends(0);
    folder.call(&["replica", "rollback", "publish"]).ends(0);
    folder.call(&["replica", "rollback", "publish", "--to", "9"]).ends(2);
    // What came of it can't be added: the entry stands.
    folder.database.refuse_record("update").await;
    folder.call(&["replica", "rollback", "publish", "--to", "2"]).ends(0);
    let acts = folder.database.value(ACTS).await;
    let place = folder.path("jobs").canonicalize().unwrap().join("t.db").display().to_string();
    let entries = [
        r#"notify_test publish {"answered": 1, "receivers": 1}"#.to_owned(),
        format!(r#"rollback publish {{"to": null, "replica": "{place}", "generation": 1}}"#),
        format!(r#"rollback publish {{"to": 9, "failure": "WL0105", "replica": "{place}"}}"#),
        format!(r#"rollback publish {{"to": 2, "replica": "{place}"}}"#),
    ];
    assert_eq!(acts.lines().collect::<Vec<_>>(), entries);

    let settings = std::fs::read_to_string(folder.path("windlass.yaml")).unwrap();
    let away = format!("state: {{postgres: {{url: \"{}\"}}}}", folder.database.url());
    folder.write(
        "windlass.yaml",
        &settings.replace(&away, "state: {postgres: {url: \"postgres://nobody@127.0.0.1:1/x\"}}"),
    );
    let refused = folder.call(&["replica", "rollback", "publish", "--to", "1"]).ends(3);
    assert!(refused.stderr.contains("`--unrecorded` does it without"), "{}", refused.stderr);
    assert_eq!(generation(), 2);
    folder.call(&["replica", "rollback", "publish", "--to", "1", "--unrecorded"]).ends(0);
    assert_eq!(generation(), 1);
    folder.close().await;
}
