//! A request with an idempotency key happens once.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::served::Served;

const KEY: &str = "Idempotency-Key: nightly-2026-11-21\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn twenty_requests_at_once_with_one_key_make_one_run() {
    let served = Served::new().await;
    served.plain_job("nightly").await;
    let answers = join_all((0..20).map(|_| served.post("/jobs/nightly/trigger", KEY, "{}"))).await;
    let runs: BTreeSet<String> =
        answers.iter().map(|answer| answer.json()["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(runs.len(), 1, "{runs:?}");
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let replayed = answers.iter().filter(|answer| answer.header("idempotent-replayed") == Some("true")).count();
    assert_eq!((made, replayed), (1, 19));
    assert_eq!(served.database.value("select count(*) from windlass.run").await, "1");
    assert_eq!(served.database.value("select count(*) from windlass.audit").await, "1");
    served.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_for_one_request_of_one_token_for_a_day() {
    let served = Served::guarded().await;
    served.plain_job("nightly").await;
    served.plain_job("weekly").await;
    let token = format!("Authorization: Bearer s3cret\r\n{KEY}");
    let first = served.post("/jobs/nightly/trigger", &token, "").await;
    let other = served.post("/jobs/weekly/trigger", &token, "").await;
    assert_eq!((first.status, other.status, other.json()["code"].as_str()), (201, 422, Some("WL1007")));
    served.database.execute("update windlass.idempotency set created_at = now() - interval '25 hours'").await;
    let later = served.post("/jobs/weekly/trigger", &token, "").await;
    assert_eq!(later.status, 201, "a day later the key is free: {}", later.body);
    for wrong in ["Idempotency-Key: \r\n", "Idempotency-Key: a b\r\n", &format!("{KEY}{KEY}")] {
        let refused =
            served.post("/jobs/nightly/trigger", &format!("Authorization: Bearer s3cret\r\n{wrong}"), "").await;
        assert_eq!(refused.status, 400, "{wrong}");
    }
    served.close().await;
}
