//! Whether all that jobs need is there: servers, privileges, worker slots, files, disks, clocks.
//!
//! Only looks, and changes nothing. What can't be looked at is a finding like any other, so that one server that is away
//! doesn't hide what is wrong with the others. DuckDB files aren't opened: that would be in the way of whoever wants to
//! write to them.

mod connection;
mod disk;
mod duckdb;
mod needs;
mod state;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use tokio::time::timeout;

use crate::domain::finding::{Finding, Verdict};
use crate::domain::job::Job;
use crate::postgres::Server;
use crate::postgres::embedded::Binaries;
use crate::steps::Connection;

use needs::Needs;

/// How long a server may take for all questions together.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is to be looked at, as the settings say it.
#[derive(Clone, Debug)]
pub struct Patient {
    /// Connections by name.
    pub connections: BTreeMap<String, Connection>,
    /// The state database.
    pub state: Option<Server>,
    /// The number of the newest migration that this binary knows.
    pub migration: i32,
    /// Whether anything needs the embedded server.
    pub embedded: bool,
    /// Folder of Windlass' own data.
    pub data_dir: PathBuf,
    /// Folder of job files.
    pub jobs_dir: PathBuf,
    /// Environment variables that templates may read.
    pub env: BTreeMap<String, String>,
}

/// The jobs that must work.
#[derive(Clone, Debug, Default)]
pub struct PatientJobs {
    /// Jobs with the folders of their files.
    pub jobs: Vec<(Job, PathBuf)>,
    /// Files or jobs that can't be read, with what is wrong.
    pub broken: Vec<(String, String)>,
}

/// Looks at all of it. `now`: this machine's clock, which is compared with each server's.
pub async fn examine(patient: &Patient, jobs: &PatientJobs, now: fn() -> DateTime<Utc>) -> Vec<Finding> {
    let needs = Needs::of(&jobs.jobs);
    let state = async {
        match &patient.state {
            Some(server) => within("state", state::examine(server, patient.migration, now)).await,
            None => Vec::new(),
        }
    };
    let connections = join_all(patient.connections.iter().map(async |(name, connection)| match connection {
        Connection::Postgres(server) => {
            let subject = format!("connection {name}");
            within(&subject, connection::examine(&subject, server, needs.of_connection(name), now)).await
        }
        Connection::DuckDb(file) => duckdb::examine(&format!("connection {name}"), file.path()),
    }));
    let (state, connections) = tokio::join!(state, connections);
    let mut all = state;
    all.extend(connections.into_iter().flatten());
    if patient.connections.values().any(|connection| matches!(connection, Connection::DuckDb(_))) {
        all.push(duckdb::library());
    }
    if patient.embedded {
        all.push(embedded());
    }
    all.extend(disk::examine(patient, &jobs.jobs));
    all.extend(files(patient, jobs));
    all
}

/// What was found, unless it took too long.
async fn within(subject: &str, looking: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    timeout(PATIENCE, looking).await.unwrap_or_else(|_| {
        let seen = format!("no answer within {}", humantime::format_duration(PATIENCE));
        vec![Finding::new(subject, "reach", Verdict::Unreachable, seen)]
    })
}

fn embedded() -> Finding {
    match Binaries::find(None) {
        Ok(found) => {
            let seen = format!("PostgreSQL {} in {}", found.major, found.folder.display());
            Finding::fine("embedded server", "programs", seen)
        }
        Err(error) => Finding::new("embedded server", "programs", Verdict::Problem, error.to_string())
            .because("an embedded server is started from the PostgreSQL programs of this machine")
            .mended_by("apt-get install postgresql"),
    }
}

fn files(patient: &Patient, jobs: &PatientJobs) -> Vec<Finding> {
    let folder = patient.jobs_dir.display();
    let mut found: Vec<Finding> = jobs
        .broken
        .iter()
        .map(|(what, why)| {
            let first = why.lines().next().unwrap_or_default();
            Finding::new("jobs", what, Verdict::Problem, first).mended_by(format!("windlass check {folder}"))
        })
        .collect();
    if !patient.jobs_dir.is_dir() {
        let seen = format!("{folder} is not there");
        found.push(
            Finding::new("jobs", "folder", Verdict::Warning, seen)
                .because("set `jobs_dir` in windlass.yaml, or make the folder")
                .mended_by(format!("mkdir -p {folder}")),
        );
    } else if found.is_empty() {
        found.push(Finding::fine("jobs", "files", format!("{} jobs, all readable", jobs.jobs.len())));
    }
    found
}
