//! A daemon with jobs of many kinds, for a browser to look at.

use std::path::Path;

use nix::sys::signal::Signal;

use crate::cli::folder::{Folder, Running};
use crate::support::eventually;

/// Where the jobs are.
const JOBS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ui/jobs");

/// The job whose name is as long as a name may be.
pub(super) const LONG_NAME: &str = "매일아침주문내역을창고로옮기는긴이름의작업";

/// The daemon.
pub(super) struct World {
    pub(super) folder: Folder,
    pub(super) address: String,
    serve: Running,
}

impl World {
    /// With all jobs, none of which has run.
    pub(super) async fn start() -> Self {
        Self::with(|_| true).await
    }

    /// With no job.
    pub(super) async fn empty() -> Self {
        Self::with(|_| false).await
    }

    async fn with(wanted: fn(&Path) -> bool) -> Self {
        let folder = Folder::new().await;
        let settings = std::fs::read_to_string(folder.path("windlass.yaml")).unwrap();
        let warehouse = format!("connections:\n  warehouse: {{postgres: {{url: \"{}\"}}}}\n", folder.database.url());
        folder
            .write("windlass.yaml", &settings.replace("connections:\n", &warehouse).replace("drain: 20s", "drain: 1s"));
        for job in std::fs::read_dir(JOBS).unwrap().flatten().map(|entry| entry.path()).filter(|path| wanted(path)) {
            std::fs::copy(&job, folder.path("jobs").join(job.file_name().unwrap())).unwrap();
        }
        let serve = folder.start(&["serve"]);
        let line = serve.says("listening").await;
        let address = line.split("address=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        serve.says("ready").await;
        Self { folder, address, serve }
    }

    /// Queues a run, and returns its id.
    pub(super) fn trigger(&self, job: &str, params: &[&str]) -> String {
        let given = params.iter().flat_map(|param| ["--param", param]);
        let arguments: Vec<&str> = ["trigger", job, "--json"].into_iter().chain(given).collect();
        self.folder.call(&arguments).ends(0).json()["id"].as_str().unwrap().to_owned()
    }

    /// Queues a run, and waits until it is in that state.
    pub(super) async fn run(&self, job: &str, params: &[&str], state: &str) -> String {
        let id = self.trigger(job, params);
        eventually(state, async || {
            let now = self.state(&id);
            let ended = matches!(now.as_str(), "succeeded" | "failed");
            assert!(now == state || !ended, "{}", self.folder.call(&["show", &id]).stdout);
            now == state
        })
        .await;
        id
    }

    /// A run's state.
    pub(super) fn state(&self, id: &str) -> String {
        self.folder.call(&["show", id, "--json"]).ends(0).json()["state"].as_str().unwrap().to_owned()
    }

    /// Jobs that have run, failed, wait, are paused, are broken. Returns a run of each kind, with its name.
    pub(super) async fn busy(&self) -> Vec<(&'static str, String)> {
        for _ in 0..4 {
            self.run("nasdaq-daily", &[], "succeeded").await;
        }
        self.run(LONG_NAME, &[], "succeeded").await;
        self.run("market-replica", &[], "succeeded").await;
        let runs = vec![
            ("failed", self.run("orders-staging", &[], "failed").await),
            ("verbose", self.run("verbose-failure", &[], "failed").await),
            ("succeeded", self.run("market-replica", &[], "succeeded").await),
            ("running", self.run("advertising-report", &["account=a"], "running").await),
            ("waiting", self.run("advertising-report", &["account=a"], "waiting").await),
        ];
        self.folder.call(&["pause", "month-end-close", "--yes"]).ends(0);
        self.folder.write("jobs/sync.yaml", "job: catalogue-sync\nschedule: {every: 5 minutes}\nsteps: [");
        eventually("the broken file is noticed", async || {
            self.folder.call(&["jobs"]).ends(0).stdout.contains("file is broken")
        })
        .await;
        runs
    }

    /// Stops the daemon.
    pub(super) async fn close(self) {
        self.serve.signal(Signal::SIGTERM);
        self.serve.signal(Signal::SIGTERM);
        self.serve.end().await.ends(0);
        self.folder.close().await;
    }
}
