use super::folder::Folder;

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_found_by_the_beginning_of_their_id_shown_logged_and_retried() {
    let folder = Folder::new().await;
    folder.sql_job("flaky", "insert into later values (1)");
    folder.call(&["run", "flaky"]).ends(1);
    let runs = folder.call(&["runs", "--json"]).ends(0).json();
    let id = runs[0]["id"].as_str().unwrap().to_owned();

    let shown = folder.call(&["show", &id[..13], "--json"]).ends(0).json();
    assert_eq!(shown["id"], id.as_str());
    assert!(folder.call(&["show", &id]).ends(0).stdout.contains("what failed: step a, attempt 1"));
    let log = folder.call(&["logs", &id[..18]]).ends(0).stdout;
    assert!(log.starts_with("── step a, attempt 1 (failed)") && log.contains("WL0301"), "{log}");

    let refused = folder.call(&["retry", &id, "--from", "b"]).ends(2);
    assert!(refused.stderr.contains("job `flaky` has no step `b`"), "{}", refused.stderr);
    folder.call(&["retry", &id]).ends(0);
    assert_eq!(folder.call(&["show", &id, "--json"]).ends(0).json()["state"], "queued");
    folder.call(&["cancel", &id]).ends(0);
    folder.call(&["retry", &id]).ends(2);
    folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trigger_pause_and_cancel_work_without_a_daemon_and_are_audited() {
    let folder = Folder::new().await;
    folder.sql_job("nightly", "select 1");
    let run = folder.call(&["trigger", "nightly", "--json"]).ends(0);
    assert!(run.stderr.contains("No daemon is running"), "{}", run.stderr);
    let id = run.json()["id"].as_str().unwrap().to_owned();
    folder.call(&["pause", "nightly"]).ends(0);
    assert!(folder.call(&["jobs", "--json"]).ends(0).json()[0]["paused_at"].is_string());
    folder.call(&["resume", "nightly"]).ends(0);
    assert!(folder.call(&["jobs", "--json"]).ends(0).json()[0]["paused_at"].is_null());
    let cancelled = folder.call(&["cancel", &id, "--json"]).ends(0).json();
    assert_eq!(cancelled["state"], "cancelled");
    assert_eq!(folder.call(&["locks", "--json"]).ends(0).stdout.trim(), "[]");
    let acts = folder.call(&["audit", "--job", "nightly", "--json"]).ends(0).json();
    let actions: Vec<&str> = acts.as_array().unwrap().iter().map(|act| act["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["cancel", "resume", "pause", "trigger"]);
    assert_eq!((&acts[0]["via"], &acts[0]["run"]), (&"command".into(), &id.as_str().into()));
    let told = folder.call(&["audit", "--run", &id[..18]]).ends(0).stdout;
    assert!(told.lines().count() == 3 && told.contains("cancel"), "{told}");
    folder.close().await;
}
