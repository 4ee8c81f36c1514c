//! A run that a real daemon works on: its events, its log.

use super::daemon::{address, ask, stream};
use crate::cli::folder::Folder;

/// The run that an event holds.
fn run(line: &str) -> Option<serde_json::Value> {
    serde_json::from_str(line.strip_prefix("data: ")?).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_followed_to_its_end_and_its_log_is_read_in_parts() {
    let folder = Folder::new().await;
    folder.database.execute("create table go (n int); insert into go values (1)").await;
    let wait = "do $$ begin while exists (select from go) loop perform pg_sleep(0.02); end loop; end $$; select 1";
    folder.sql_job("slow", wait);
    let serve = folder.start(&["serve"]);
    let address = address(&serve).await;
    let made = ask(&address, "POST", "/jobs/slow/trigger", "").await;
    let made: serde_json::Value =
        serde_json::from_str(made.lines().find(|line| line.starts_with('{')).unwrap()).unwrap();
    let id = made["id"].as_str().unwrap();

    let mut events = stream(&address, "GET", &format!("/runs/{id}/events"), "").await;
    let mut states = Vec::new();
    while let Some(line) = events.next_line().await.unwrap() {
        let Some(run) = run(&line) else { continue };
        states.push(run["state"].as_str().unwrap().to_owned());
        if run["steps"][0]["state"] == "running" {
            folder.database.execute("delete from go").await;
        }
    }
    assert_eq!(states.last().map(String::as_str), Some("succeeded"), "{states:?}");
    assert!(states.contains(&"running".to_owned()), "{states:?}");

    let lines = |text: &str| text.lines().filter(|line| line.contains("\"line\"")).count();
    let all = ask(&address, "GET", &format!("/runs/{id}/logs?follow=true"), "").await;
    assert!(all.contains("application/x-ndjson") && all.contains(r#"{"step":"a","attempt":1,"line":""#), "{all}");
    let total = lines(&all);
    assert!(total >= 2, "{all}");
    assert_eq!(lines(&ask(&address, "GET", &format!("/runs/{id}/logs?tail=1"), "").await), 1);
    assert_eq!(lines(&ask(&address, "GET", &format!("/runs/{id}/logs?skip=1"), "").await), total - 1);
    assert_eq!(lines(&ask(&address, "GET", &format!("/runs/{id}/logs?level=error"), "").await), 0);
    let text = ask(&address, "GET", &format!("/runs/{id}/logs?format=text&step=a&attempt=1"), "").await;
    assert!(text.contains("text/plain") && text.contains(" DEBUG "), "{text}");
    for wrong in ["step=b", "level=x", "format=x", "tail=0", "tail=1&follow=true"] {
        assert!(
            ask(&address, "GET", &format!("/runs/{id}/logs?{wrong}"), "").await.contains("400 Bad Request"),
            "{wrong}"
        );
    }

    // Who listens when the daemon stops doesn't hold its end up.
    folder.database.execute("insert into go values (1)").await;
    let made = ask(&address, "POST", "/jobs/slow/trigger", "").await;
    let made: serde_json::Value =
        serde_json::from_str(made.lines().find(|line| line.starts_with('{')).unwrap()).unwrap();
    let mut events = stream(&address, "GET", &format!("/runs/{}/events", made["id"].as_str().unwrap()), "").await;
    while events.next_line().await.unwrap().and_then(|line| run(&line)).is_none() {}
    serve.signal(nix::sys::signal::Signal::SIGTERM);
    folder.database.execute("delete from go").await;
    while events.next_line().await.unwrap_or_default().is_some() {}
    serve.end().await.ends(0);
    folder.close().await;
}
