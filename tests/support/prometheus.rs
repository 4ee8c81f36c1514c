//! A Prometheus of a test's own. `scripts/test` sees to it that there is one.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::programs::program;

/// A server; it ends when this is dropped.
pub(crate) struct Prometheus {
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
    /// Starts it with this configuration and files beside it; `None`, with the reason printed, where there is none.
    pub(crate) fn start(config: &str, beside: &[(&str, &str)]) -> Option<Self> {
        tool("prometheus")?;
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("prometheus.yml", config)].iter().chain(beside) {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let address = free_address();
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", folder.path().join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Another test may have been quicker; plain HTTP needs none, but the client asks for one.
        drop(rustls::crypto::ring::default_provider().install_default());
        Some(Self { process, url: format!("http://{address}"), _folder: folder })
    }

    /// What an instant query answers, errors included; `None` while the server doesn't.
    pub(crate) async fn answer(&self, query: &str) -> Option<serde_json::Value> {
        let client = reqwest::Client::new().get(format!("{}/api/v1/query", self.url)).query(&[("query", query)]);
        client.timeout(Duration::from_secs(5)).send().await.ok()?.json().await.ok()
    }

    /// The value of an instant query with one result; `None` while there is none.
    pub(crate) async fn value(&self, query: &str) -> Option<String> {
        self.answer(query).await?.pointer("/data/result/0/value/1")?.as_str().map(str::to_owned)
    }
}

/// Free a moment ago; nobody else on this machine is in a hurry to take it.
pub(crate) fn free_address() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// One of Prometheus' programs; `None`, with the reason printed, where it isn't here.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    program(name, "Debian package prometheus")
}
