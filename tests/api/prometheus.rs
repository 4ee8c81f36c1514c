//! A real Prometheus scrapes the page and answers questions about it. Runs where `prometheus` is installed
//! (`scripts/test` sees to it).

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use windlass::domain::state::RunState;

use super::client::Api;
use crate::support::eventually;

/// A server of the test's own, ended with it.
struct Prometheus {
    process: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Prometheus {
    /// Starts it with one target; `None` where there is none on PATH. `honor_labels` keeps our `job` label, which is the
    /// job's name, apart from the scrape's.
    fn start(target: &str) -> Option<Self> {
        Command::new("prometheus").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("prometheus.yml");
        let scrape = format!(
            "scrape_configs: [{{job_name: windlass, scrape_interval: 200ms, scrape_timeout: 200ms, honor_labels: true, \
             static_configs: [{{targets: ['{target}']}}]}}]\n"
        );
        std::fs::write(&config, scrape).unwrap();
        // Free a moment ago; nobody else on this machine is in a hurry to take it.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={free}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self { process, url: format!("http://{free}"), _folder: folder })
    }

    /// The value of an instant query with one result; `None` while there is none.
    async fn value(&self, query: &str) -> Option<String> {
        let answer = reqwest::Client::new()
            .get(format!("{}/api/v1/query", self.url))
            .query(&[("query", query)])
            .timeout(Duration::from_secs(2))
            .send()
            .await
            .ok()?;
        let answer: serde_json::Value = answer.json().await.ok()?;
        answer.pointer("/data/result/0/value/1")?.as_str().map(str::to_owned)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_prometheus_scrapes_the_page() {
    // Another test may have been quicker; plain HTTP needs none, but the client asks for one.
    drop(rustls::crypto::ring::default_provider().install_default());
    let api = Api::start(None).await;
    api.metrics.run_ended("주문 \"내역\"", RunState::Succeeded, Duration::from_secs(90));
    let Some(prometheus) = Prometheus::start(&api.address.to_string()) else {
        crate::support::skipped("prometheus (Debian package prometheus) is not on PATH");
        return api.stop().await;
    };
    let asked = |query: &'static str, expected: &'static str| {
        let prometheus = &prometheus;
        eventually(query, async move || prometheus.value(query).await.as_deref() == Some(expected))
    };
    asked("up{job='windlass'}", "1").await;
    asked("windlass_runs_total{job='주문 \"내역\"', outcome='succeeded'}", "1").await;
    asked("histogram_quantile(1, windlass_run_duration_seconds_bucket) > bool 60", "1").await;
    drop(prometheus);
    api.stop().await;
}
