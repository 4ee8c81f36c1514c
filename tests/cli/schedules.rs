use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};

use super::folder::Folder;

/// A job that is due every full hour in Seoul, known to the state database; nobody has looked at it for three hours.
async fn hourly(folder: &Folder) {
    folder.sql_job("hourly", "select 1");
    let text = std::fs::read_to_string(folder.path("jobs/hourly.yaml")).unwrap();
    folder.write("jobs/hourly.yaml", &format!("schedule: {{cron: \"0 * * * *\", timezone: Asia/Seoul}}\n{text}"));
    folder.call(&["run", "hourly"]).ends(0);
    let unseen = "update windlass.job set planned_through = date_trunc('hour', now()) - interval '2 hours 1 minute', \
                  next_due = null";
    folder.database.execute(unseen).await;
}

fn states(folder: &Folder) -> Vec<String> {
    let firings = folder.call(&["firings", "hourly", "--json"]).ends(0).json();
    firings.as_array().unwrap().iter().map(|firing| firing["state"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pause_and_resume_show_what_happens_to_which_firings() {
    let folder = Folder::new().await;
    hourly(&folder).await;
    let paused = folder.call(&["pause", "hourly"]).ends(0).stdout;
    assert!(paused.contains("its due times are recorded as skipped") && paused.contains(":00:00+09:00"), "{paused}");
    assert!(paused.ends_with("Job hourly is paused.\n"), "{paused}");
    let since = "update windlass.job set paused_at = planned_through";
    folder.database.execute(since).await;
    let resumed = folder.call(&["resume", "hourly", "--run-missed", "latest", "--json"]).ends(0).json();
    assert_eq!(resumed["runs"].as_array().unwrap().len(), 1, "{resumed}");
    assert_eq!(states(&folder), ["ran", "skipped", "skipped"]);
    let listed = folder.call(&["firings", "hourly"]).ends(0).stdout;
    assert!(listed.contains("run later, by resume") && listed.contains("the job was paused"), "{listed}");
    let nothing = folder.call(&["resume", "hourly"]).ends(0).stdout;
    assert!(nothing.contains("has skipped no due time") && nothing.contains("Due next: "), "{nothing}");
    folder.call(&["firings", "hourli"]).ends(2);
    folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn backfill_lists_what_it_would_run_and_runs_it_once() {
    let folder = Folder::new().await;
    hourly(&folder).await;
    let from = (DateTime::<Utc>::from(SystemTime::now()) - TimeDelta::hours(5)).to_rfc3339();
    let call = |arguments: &[&str]| {
        let all = [&["backfill", "hourly", "--from", &from][..], arguments].concat();
        folder.call(&all)
    };
    let dry = call(&["--dry-run"]).ends(0).stdout;
    assert_eq!(dry.matches("not in the ledger").count(), 5, "{dry}");
    assert!(dry.contains("5 runs of hourly, one after the other."), "{dry}");
    assert_eq!(folder.database.value("select count(*) from windlass.firing").await, "0");
    let two = call(&["--limit", "2", "--reverse", "--json"]).ends(0).json();
    let due: Vec<&str> =
        two["runs"].as_array().unwrap().iter().map(|run| run["scheduled_for"].as_str().unwrap()).collect();
    assert!(due.len() == 2 && due[0] > due[1], "{two}");
    assert!(call(&[]).ends(0).stdout.contains("Queued 3 runs"));
    assert!(call(&[]).ends(0).stdout.contains("Nothing to run: of the due times in this stretch 5 ran"));
    assert_eq!(
        folder.database.value("select count(*) from windlass.run where trigger = 'backfill' and in_order").await,
        "5"
    );
    let wrong = folder.call(&["backfill", "hourly", "--from", "yesterday"]).ends(2).stderr;
    assert!(wrong.contains("`yesterday` is no point in time"), "{wrong}");
    let many = folder.call(&["backfill", "hourly", "--from", "2020-01-01"]).ends(2).stderr;
    assert!(many.contains("say how many with --limit"), "{many}");
    folder.sql_job("by-hand", "select 1");
    folder.call(&["run", "by-hand"]).ends(0);
    assert!(folder.call(&["backfill", "by-hand", "--from", &from]).ends(2).stderr.contains("no schedule"));
    folder.close().await;
}
