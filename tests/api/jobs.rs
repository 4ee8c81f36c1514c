//! Jobs: seen, started, paused, resumed, run for the past.

use super::served::Served;

const NIGHTLY: &str = "job: nightly\ndescription: Copies orders\nschedule: {cron: \"30 6 * * *\", timezone: Asia/Seoul}\n\
                       params:\n  account: {default: a, description: Whose}\n  day: {default: today}\n\
                       steps:\n  - id: a\n    sql: {connection: pg, statement: select 1}\n";

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_listed_as_the_command_lists_them_and_shown_with_what_comes_next() {
    let served = Served::new().await;
    served.job(NIGHTLY).await;
    served.plain_job("주문_내역").await;
    let all = served.get("/jobs").await.json();
    assert_eq!(all.as_array().unwrap().len(), 2);
    assert_eq!(all, serde_json::to_value(served.store.jobs().await.unwrap()).unwrap(), "one shape");
    let found = served.get("/jobs?filter=ORDERS&paused=false").await.json();
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["name"], "nightly");

    let job = served.get("/jobs/nightly").await.json();
    assert_eq!((&job["name"], &job["zone"]), (&"nightly".into(), &"Asia/Seoul".into()));
    assert_eq!(job["next_due"].as_array().unwrap().len(), 10);
    assert!(job["next_due"][0]["local"].as_str().unwrap().ends_with("T06:30:00+09:00"), "{job}");
    assert_eq!(job["params"][0], serde_json::json!({"name": "account", "default": "a", "description": "Whose"}));
    assert_eq!(job["steps"][0], serde_json::json!({"id": "a", "kind": "sql"}));
    let korean = served.get("/jobs/%EC%A3%BC%EB%AC%B8_%EB%82%B4%EC%97%AD/definition").await.json();
    assert!(korean["source"].as_str().unwrap().starts_with("job: 주문_내역"), "{korean}");

    let unknown = served.get("/jobs/nihgtly").await;
    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.json()["hint"], "did you mean `nightly`?");
    served.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_started_with_parameters_and_what_is_wrong_with_them_is_said() {
    let served = Served::new().await;
    served.job(NIGHTLY).await;
    let made = served.post("/jobs/nightly/trigger", "", r#"{"params": {"day": "2026-11-21"}}"#).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let run = made.json();
    assert_eq!(made.header("location"), Some(format!("/api/v1/runs/{}", run["id"].as_str().unwrap()).as_str()));
    assert_eq!((&run["state"], &run["trigger"]), (&"queued".into(), &"manual".into()));
    assert_eq!(run["params"], serde_json::json!({"account": "a", "day": "2026-11-21"}));
    for (body, status, code) in [
        (r#"{"params": {"day": "x", "dya": "y"}}"#, 422, "WL0104"),
        (r#"{"parms": {}}"#, 422, "WL1005"),
        (r#"{"params": {"day": 1}}"#, 422, "WL1005"),
        (r#"{"params": {"day": "\u0000"}}"#, 400, "WL1005"),
        ("{", 400, "WL1005"),
    ] {
        let refused = served.post("/jobs/nightly/trigger", "", body).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (status, Some(code)), "{body}: {}", refused.body);
    }
    let form = served.api.send("POST", "/api/v1/jobs/nightly/trigger", "Content-Type: text/plain\r\n", "{}").await;
    assert_eq!(form.status, 415);
    served.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_paused_with_a_note_resumed_and_run_for_the_past_and_all_of_it_is_recorded() {
    let served = Served::new().await;
    let daily =
        "job: daily\nschedule: {cron: \"@daily\"}\nsteps:\n  - id: a\n    sql: {connection: pg, statement: select 1}\n";
    served.job(daily).await;
    let paused = served.post("/jobs/daily/pause", "", r#"{"note": "the source moves"}"#).await.json();
    assert_eq!((&paused["paused"], paused["next_due"].as_array().unwrap().len()), (&true.into(), 3));
    assert!(served.get("/jobs/daily").await.json()["paused_at"].is_string());
    let resumed = served.post("/jobs/daily/resume", "", r#"{"run_missed": "latest"}"#).await;
    assert_eq!((resumed.status, resumed.json()["paused"].as_bool()), (200, Some(false)), "{}", resumed.body);
    assert_eq!(served.post("/jobs/daily/resume", "", r#"{"run_missed": "some"}"#).await.status, 422);

    let stretch = r#"{"from": "2026-01-01", "to": "2026-01-03", "dry_run": true}"#;
    let seen = served.post("/jobs/daily/backfill", "", stretch).await.json();
    assert_eq!((seen["dry_run"].as_bool(), seen["runs"].as_array().unwrap().len()), (Some(true), 3));
    assert!(seen["runs"][0]["run"].is_null());
    let made = served.post("/jobs/daily/backfill", "", &stretch.replace("true", "false")).await.json();
    assert!(made["runs"].as_array().unwrap().iter().all(|run| run["run"].is_string()), "{made}");
    let firings = served.get("/jobs/daily/firings?since=2026-01-01&until=2026-01-03").await.json();
    assert_eq!((firings.as_array().unwrap().len(), &firings[0]["state"]), (3, &"ran".into()), "{firings}");
    assert_eq!(served.post("/jobs/daily/backfill", "", r#"{"from": "someday"}"#).await.status, 422);

    let acts = served.get("/audit?job=daily&limit=2").await;
    let link = acts.header("link").unwrap().to_owned();
    let acts = acts.json();
    assert_eq!(
        (&acts[0]["action"], &acts[0]["actor"], &acts[0]["via"]),
        (&"backfill".into(), &"local".into(), &"http".into())
    );
    let next = link.trim_start_matches('<').split_once('>').unwrap().0.to_owned();
    let rest = served.api.get(&next, "").await.json();
    assert_eq!((rest.as_array().unwrap().len(), &rest[0]["detail"]["note"]), (1, &"the source moves".into()), "{rest}");
    served.close().await;
}
