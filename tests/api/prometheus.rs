//! A real Prometheus scrapes the page and answers questions about it. Runs where `prometheus` is installed
//! (`scripts/test` sees to it).

use std::time::Duration;

use windlass::domain::state::RunState;

use super::client::Api;
use crate::support::eventually;
use crate::support::prometheus::Prometheus;

#[tokio::test(flavor = "multi_thread")]
async fn a_real_prometheus_scrapes_the_page() {
    let api = Api::start(None).await;
    api.metrics.run_ended("주문 \"내역\"", RunState::Succeeded, Duration::from_secs(90));
    // `honor_labels` keeps our `job` label, which is the job's name, apart from the scrape's.
    let config = format!(
        "scrape_configs: [{{job_name: windlass, scrape_interval: 200ms, scrape_timeout: 200ms, honor_labels: true, \
         static_configs: [{{targets: ['{}']}}]}}]\n",
        api.address
    );
    let Some(prometheus) = Prometheus::start(&config, &[]) else { return api.stop().await };
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
