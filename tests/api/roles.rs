//! What each role may do, and what is answered while the state database is away.

use windlass::store::Store;
use windlass::telemetry::Metrics;

use super::served::Served;

const ACTS: [&str; 6] = [
    "/jobs/nightly/trigger",
    "/jobs/nightly/pause",
    "/jobs/nightly/resume",
    "/jobs/nightly/backfill",
    "/runs/0/cancel",
    "/runs/0/retry",
];

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_read_sees_everything_and_changes_nothing() {
    let served = Served::guarded().await;
    served.plain_job("nightly").await;
    let reader = "Authorization: Bearer r3ader\r\n";
    for path in
        ["/jobs", "/jobs/nightly", "/runs", "/locks", "/daemons", "/audit", "/errors", "/errors/WL0101", "/health"]
    {
        assert_eq!(served.get(path).await.status, 401, "{path}");
        assert_eq!(served.api.get(&format!("/api/v1{path}"), reader).await.status, 200, "{path}");
    }
    for path in ACTS {
        assert_eq!(served.post(path, "", "").await.status, 401, "{path}");
        let refused = served.post(path, reader, "").await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (403, Some("WL1002")), "{path}");
        let foreign = served.post(path, "Authorization: Bearer s3cret\r\nSec-Fetch-Site: cross-site\r\n", "").await;
        assert_eq!((foreign.status, foreign.json()["code"].as_str()), (403, Some("WL1003")), "{path}");
    }
    assert_eq!(served.database.value("select count(*) from windlass.audit").await, "0");
    let caller = served.api.get("/api/v1/health", reader).await.json()["caller"].clone();
    assert_eq!(caller, serde_json::json!({"name": "grafana", "role": "read"}));
    served.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_state_database_is_away_it_is_said_so_and_when_to_ask_again() {
    let served = Served::new().await;
    let away = |answer: &super::client::Answer| {
        let again = answer.header("retry-after").map(str::to_owned);
        (answer.status, answer.json()["code"].as_str().map(str::to_owned), again)
    };
    let expected = (503, Some("WL0906".to_owned()), Some("5".to_owned()));
    // Never reached so far.
    served.api.backend.send_replace(None);
    assert_eq!(away(&served.get("/jobs").await), expected);
    assert_eq!(served.get("/health").await.status, 200);
    assert_eq!(served.get("/errors/wl0101").await.status, 200);
    // Reached once, and gone.
    let server = windlass::postgres::Server::from_url("postgres://nobody@127.0.0.1:1/nothing", None).unwrap();
    let gone = windlass::api::Backend {
        store: Store::new(server, Metrics::new("test")).unwrap(),
        logs: "logs".into(),
        replicas: super::served::replicas(),
    };
    served.api.backend.send_replace(Some(gone));
    assert_eq!(away(&served.get("/runs").await), expected);
    assert_eq!(away(&served.post("/jobs/nightly/trigger", "", "").await), expected);
    served.reached();
    assert_eq!(served.get("/jobs").await.status, 200);
    served.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_a_problem_too() {
    let served = Served::new().await;
    for (method, path, status) in [
        ("GET", "/nothing", 404),
        ("GET", "/jobs/x/y/z", 404),
        ("DELETE", "/jobs", 405),
        ("GET", "/runs/0/cancel", 405),
    ] {
        let answer = served.api.send(method, &format!("/api/v1{path}"), "", "").await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (status, Some("application/problem+json")),
            "{path}"
        );
        assert_eq!(answer.header("allow").is_some(), status == 405, "{path}: {}", answer.head);
    }
    served.close().await;
}
