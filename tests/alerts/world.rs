//! A folder with jobs, and a receiver of alerts.

use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::cli::folder::{Folder, Running};
use crate::support::eventually;

/// The part of the webhook's address that nobody should see.
pub(super) const SECRET: &str = "/services/T0000/s3cr3t-hook";

/// A folder with jobs, and a receiver of alerts.
pub(super) struct World {
    pub(super) folder: Folder,
    pub(super) receiver: MockServer,
}

impl World {
    /// A receiver that answers nothing yet.
    pub(super) async fn new() -> Self {
        Self { folder: Folder::new().await, receiver: MockServer::start().await }
    }

    /// The same with a receiver that takes everything.
    pub(super) async fn listening() -> Self {
        let world = Self::new().await;
        world.answers(ResponseTemplate::new(200).set_body_string("ok"), None).await;
        world
    }

    /// What the receiver answers from now on, so many times.
    pub(super) async fn answers(&self, answer: ResponseTemplate, times: Option<u64>) {
        let mock = Mock::given(method("POST")).respond_with(answer);
        match times {
            Some(times) => mock.up_to_n_times(times).mount(&self.receiver).await,
            None => mock.mount(&self.receiver).await,
        }
    }

    /// The webhook's address.
    pub(super) fn url(&self) -> String {
        format!("{}{SECRET}", self.receiver.uri())
    }

    /// A job of one SQL step with these keys at its top.
    pub(super) fn job(&self, name: &str, keys: &str, statement: &str) {
        let step = format!("steps: [{{id: stage, sql: {{connection: pg, statement: \"{statement}\"}}}}]");
        self.folder.write(&format!("jobs/{name}.yaml"), &format!("job: {name}\n{keys}\n{step}\n"));
    }

    /// `notify` with this receiver and more keys.
    pub(super) fn notify(&self, more: &str) -> String {
        format!("notify: {{webhook: \"{}\", fold: 0s, {more}}}", self.url())
    }

    /// Starts the daemon.
    pub(super) async fn serve(&self, log: &str) -> Running {
        self.serve_with(log, &[]).await
    }

    /// Starts the daemon with more in its environment.
    pub(super) async fn serve_with(&self, log: &str, variables: &[(&str, &str)]) -> Running {
        let serve = self.folder.start_with(log, &["serve", "--log", "info"], variables);
        serve.says("ready").await;
        serve
    }

    /// What has arrived.
    pub(super) async fn arrived(&self) -> Vec<Request> {
        self.receiver.received_requests().await.unwrap()
    }

    /// Waits until so many messages hold this text.
    pub(super) async fn hears(&self, text: &str, times: usize) -> Vec<String> {
        let mut found = Vec::new();
        eventually(&format!("`{text}` is heard {times} times"), async || {
            let all = self.arrived().await;
            let texts = all.iter().map(|request| String::from_utf8_lossy(&request.body).into_owned());
            found = texts.filter(|body| body.contains(text)).collect();
            found.len() >= times
        })
        .await;
        assert_eq!(found.len(), times, "{found:?}");
        found
    }

    /// Alerts as the state database has them: kind and state, oldest first.
    pub(super) async fn recorded(&self) -> String {
        let all = "select coalesce(string_agg(kind || ' ' || state, ', ' order by at, kind), '') from windlass.alert";
        self.folder.database.value(all).await
    }

    /// Waits until the recorded alerts are these.
    pub(super) async fn until_recorded(&self, wanted: &str) {
        eventually(wanted, async || self.recorded().await == wanted).await;
    }

    /// Lets what is to be tried again be tried now.
    pub(super) async fn hurry(&self) {
        self.folder.database.execute("update windlass.alert set next_try = now() where state = 'pending'").await;
    }

    /// Starts a run and returns its id.
    pub(super) fn trigger(&self, job: &str) -> String {
        self.folder.call(&["trigger", job, "--json"]).ends(0).json()["id"].as_str().unwrap().to_owned()
    }
}
