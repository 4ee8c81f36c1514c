//! Runs: listed page by page, shown, cancelled, retried.

use std::collections::BTreeSet;

use super::served::Served;

/// The address of the next page.
fn next(link: Option<&str>) -> Option<String> {
    Some(link?.trim_start_matches('<').split_once('>')?.0.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_show_each_run_once_while_new_ones_are_made() {
    let served = Served::new().await;
    let definition = served.plain_job("busy").await;
    let mut expected = BTreeSet::new();
    for _ in 0..23 {
        expected.insert(served.run("busy", &definition).await.to_string());
    }
    let mut seen = Vec::new();
    let mut path = Some("/api/v1/runs?limit=5&state=queued,running&trigger=manual&job=busy".to_owned());
    while let Some(at) = path {
        let page = served.api.get(&at, "").await;
        assert_eq!(page.status, 200, "{at}: {}", page.body);
        seen.extend(page.json().as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap().to_owned()));
        path = next(page.header("link"));
        served.run("busy", &definition).await;
    }
    assert_eq!(seen.len(), expected.len());
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), expected);
    for wrong in ["after=x", "limit=0", "limit=501", "state=runing", "trigger=x", "since=x", "job=%00", "sort=x"] {
        let refused = served.get(&format!("/runs?{wrong}")).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (400, Some("WL1005")), "{wrong}");
    }
    served.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_shown_by_the_beginning_of_its_id_cancelled_and_retried() {
    let served = Served::new().await;
    let definition = served.plain_job("nightly").await;
    let id = served.run("nightly", &definition).await.to_string();
    let run = served.get(&format!("/runs/{}", &id[..18])).await.json();
    assert_eq!(run["id"], id.as_str());
    assert_eq!(served.get(&format!("/runs/{id}/definition")).await.json()["hash"], definition.as_str());
    let early = served.post(&format!("/runs/{id}/retry"), "", "").await;
    assert_eq!((early.status, early.json()["code"].as_str()), (409, Some("WL1006")), "{}", early.body);

    let cancelled = served.post(&format!("/runs/{id}/cancel"), "", "").await.json();
    assert_eq!(cancelled["state"], "cancelled");
    assert_eq!(served.post(&format!("/runs/{id}/cancel"), "", "").await.status, 409);
    assert_eq!(served.post(&format!("/runs/{id}/retry"), "", r#"{"from": "b"}"#).await.status, 404);
    let retried = served.post(&format!("/runs/{id}/retry"), "", r#"{"from": "a"}"#).await.json();
    assert_eq!(retried["state"], "queued");
    for unknown in ["f", "nonsense", "00000000-0000-0000-0000-000000000000", "%00", "%ff"] {
        let answer = served.get(&format!("/runs/{unknown}")).await;
        assert!(matches!(answer.status, 400 | 404), "{unknown}: {}", answer.body);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{unknown}");
    }
    served.close().await;
}
