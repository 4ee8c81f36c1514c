//! What each page says, and to whom.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use windlass::domain::readiness::Readiness;
use windlass::domain::state::RunState;

use super::client::Api;

#[tokio::test]
async fn metrics_are_served_as_prometheus_reads_them() {
    let api = Api::start(None).await;
    api.metrics.run_ended("nightly", RunState::Failed, std::time::Duration::from_secs(3));
    let answer = api.get("/metrics", "").await;
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains("content-type: text/plain; version=0.0.4"), "{}", answer.head);
    assert!(answer.body.contains("windlass_runs_total{job=\"nightly\",outcome=\"failed\"} 1\n"), "{}", answer.body);
    assert!(answer.body.contains(&format!("windlass_build_info{{version=\"{}\"}} 1\n", env!("CARGO_PKG_VERSION"))));
    api.stop().await;
}

#[tokio::test]
async fn readiness_follows_the_engine_and_says_why() {
    let api = Api::start(None).await;
    let detail = "the state database does not answer".to_owned();
    api.ready.send_replace(Readiness { state_up: false, lease: true, detail });
    let answer = api.get("/readyz", "").await;
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.body,
        r#"{"ready":false,"state_up":false,"lease":true,"detail":"the state database does not answer"}"#
    );
    assert_eq!(api.get("/healthz", "").await.status, 200, "a daemon that waits is alive");
    api.ready.send_replace(Readiness { state_up: true, lease: true, detail: String::new() });
    assert_eq!(api.get("/readyz", "").await.status, 200);
    api.stop().await;
}

#[tokio::test]
async fn a_token_guards_the_numbers_but_not_the_probes() {
    let api = Api::start(Some("s3cret")).await;
    let refused = api.get("/metrics", "").await;
    assert_eq!(refused.status, 401);
    assert!(refused.head.contains("www-authenticate: bearer") && !refused.body.contains("windlass_"));
    assert_eq!(api.get("/metrics", "Authorization: Bearer wrong\r\n").await.status, 401);
    assert_eq!(api.get("/metrics", "Authorization: Bearer s3cret\r\n").await.status, 200);
    assert_eq!(api.get("/healthz", "").await.status, 200);
    assert_eq!(api.get("/readyz", "").await.status, 503);
    api.stop().await;
}

#[tokio::test]
async fn every_answer_tells_browsers_to_be_careful_also_a_404() {
    let api = Api::start(None).await;
    for (path, status) in [("/", 503), ("/metrics", 200), ("/nothing", 404)] {
        let answer = api.get(path, "").await;
        assert_eq!(answer.status, status, "{path}");
        for header in ["content-security-policy: default-src 'none'", "x-content-type-options: nosniff"] {
            assert!(answer.head.contains(header), "{path}: {}", answer.head);
        }
    }
    let home = api.get("/", "").await.body;
    assert!(home.contains(env!("CARGO_PKG_VERSION")) && home.contains("The state database is away"), "{home}");
    api.stop().await;
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_the_end_up() {
    let api = Api::start(None).await;
    let mut idle = TcpStream::connect(api.address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut first = [0; 1];
    idle.read_exact(&mut first).await.unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(20), api.stop()).await.unwrap();
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
}
