//! No action without its entry, and no entry without its action: over the API and by the pages' forms.

use windlass::domain::ids::RunId;

use super::served::Served;

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// All that the actions here change.
const STATE: &str = "select jsonb_build_object('runs', (select jsonb_agg(to_jsonb(run) order by id) from windlass.run), \
                     'firings', (select jsonb_agg(to_jsonb(firing) order by scheduled_for) from windlass.firing), \
                     'keys', (select jsonb_agg(to_jsonb(idempotency)) from windlass.idempotency), \
                     'pauses', (select jsonb_agg(paused_at order by name) from windlass.job))";

/// What was done, and by whom.
const ACTS: &str = "select string_agg(concat_ws(' ', actor, via, action, job, run is not null, detail), E'\\n' order by id) from windlass.audit";

/// Jobs of which one is paused, and runs in the states that can be acted on.
struct Ground {
    served: Served,
    queued: [RunId; 2],
    failed: [RunId; 2],
}

async fn ground() -> Ground {
    let served = Served::new().await;
    let step = "steps:\n  - id: a\n    sql: {connection: pg, statement: select 1}\n";
    let daily = served.job(&format!("job: daily\nschedule: {{cron: \"@daily\"}}\n{step}")).await;
    served.job(&format!("job: paused\nschedule: {{cron: \"@daily\"}}\n{step}")).await;
    served.database.execute("update windlass.job set paused_at = now() where name = 'paused'").await;
    let queued = [served.run("daily", &daily).await, served.run("daily", &daily).await];
    let failed = [served.run("daily", &daily).await, served.run("daily", &daily).await];
    for run in failed {
        let end = format!("update windlass.run set state = 'failed', ended_at = now() where id = '{run}'");
        served.database.execute(&end).await;
    }
    Ground { served, queued, failed }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cant_be_recorded_isnt_done_over_the_api() {
    let Ground { served, queued, failed } = ground().await;
    let (cancel, retry) = (format!("/runs/{}/cancel", queued[0]), format!("/runs/{}/retry", failed[0]));
    let stretch = r#"{"from": "2026-01-01", "to": "2026-01-03"}"#;
    let actions = [
        ("/jobs/daily/trigger", "", "{}"),
        ("/jobs/daily/trigger", "Idempotency-Key: once\r\n", "{}"),
        ("/jobs/daily/pause", "", r#"{"note": "why"}"#),
        ("/jobs/paused/resume", "", "{}"),
        ("/jobs/daily/backfill", "", stretch),
        (&cancel, "", ""),
        (&retry, "", ""),
    ];
    let before = served.database.value(STATE).await;
    served.database.refuse_record("insert").await;
    for (path, headers, body) in actions {
        let refused = served.post(path, headers, body).await;
        assert!(refused.status >= 500, "{path}: {} {}", refused.status, refused.body);
        assert_eq!(served.database.value(STATE).await, before, "{path} has changed something");
    }
    served.database.record_again().await;
    for (path, headers, body) in actions {
        let done = served.post(path, headers, body).await;
        assert!(done.status < 300, "{path}: {} {}", done.status, done.body);
    }
    let entries = [
        "local http trigger daily t {}",
        "local http trigger daily t {}",
        r#"local http pause daily f {"note": "why"}"#,
        r#"local http resume paused f {"runs": 0, "run_missed": "none"}"#,
        r#"local http backfill daily f {"runs": 3}"#,
        "local http cancel daily t {}",
        r#"local http retry daily t {"from": "a"}"#,
    ];
    assert_eq!(served.database.value(ACTS).await.lines().collect::<Vec<_>>(), entries);
    served.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cant_be_recorded_isnt_done_by_a_page_either() {
    let Ground { served, queued, failed } = ground().await;
    let (cancel, retry) = (format!("/runs/{}/cancel", queued[1]), format!("/runs/{}/retry", failed[1]));
    let actions = [
        ("/jobs/daily/run", ""),
        ("/jobs/daily/pause", "note=why"),
        ("/jobs/paused/resume", "run_missed=none"),
        ("/jobs/daily/backfill", "from=2026-01-01T00%3A00&to=2026-01-03T12%3A00"),
        (&cancel, ""),
        (&retry, "from=a"),
    ];
    let before = served.database.value(STATE).await;
    served.database.refuse_record("insert").await;
    for (path, form) in actions {
        let refused = served.api.send("POST", path, FORM, form).await;
        assert_eq!(refused.status, 303, "{path}: {}", refused.body);
        assert!(refused.header("set-cookie").unwrap().contains("no%20record"), "{path}: {}", refused.head);
        assert_eq!(served.database.value(STATE).await, before, "{path} has changed something");
    }
    served.database.record_again().await;
    for (path, form) in actions {
        assert_eq!(served.api.send("POST", path, FORM, form).await.status, 303, "{path}");
    }
    let acts = served.database.value("select string_agg(action, ' ' order by id) from windlass.audit").await;
    assert_eq!(acts, "trigger pause resume backfill cancel retry");
    served.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_backfill_that_breaks_off_the_entry_says_how_far_it_came() {
    let Ground { served, .. } = ground().await;
    let hourly = "job: hourly\nschedule: {cron: \"@hourly\"}\nsteps:\n  - id: a\n    sql: {connection: pg, statement: select 1}\n";
    served.job(hourly).await;
    // Runs are made 500 at a time: the second part can't add itself to the entry.
    served.database.refuse_record("update").await;
    let stretch = r#"{"from": "2026-01-01", "limit": 900}"#;
    let broken = served.post("/jobs/hourly/backfill", "", stretch).await;
    assert!(broken.status >= 500, "{} {}", broken.status, broken.body);
    let made = "select count(*) from windlass.run where job = 'hourly'";
    let said = "select detail from windlass.audit where action = 'backfill'";
    assert_eq!(served.database.value(made).await, "500");
    assert_eq!(served.database.value(said).await, r#"{"runs": 500}"#);
    served.database.record_again().await;
    assert_eq!(served.post("/jobs/hourly/backfill", "", stretch).await.status, 200);
    let all = "select sum((detail ->> 'runs')::int) from windlass.audit where action = 'backfill'";
    assert_eq!(served.database.value(all).await, served.database.value(made).await);
    served.close().await;
}
