//! `windlass pause` and `windlass resume`.

use serde_json::json;

use super::arguments::{Global, JobName};
use super::error::{CliError, Exit};
use super::opened::with_state;
use super::{find, output};

/// Pauses a job's schedule (`true`), or resumes it. What was skipped meanwhile stays skipped.
pub(super) async fn run(arguments: &JobName, paused: bool, global: &Global) -> Result<Exit, CliError> {
    let job = &arguments.job;
    with_state(global, async |opened| {
        if !opened.store.pause(job, paused).await? {
            return Err(find::no_job(&opened.store, job).await);
        }
        opened.audit(if paused { "pause" } else { "resume" }, job).await?;
        if global.json {
            output::json(&json!({"job": job, "paused": paused}))?;
        } else if paused {
            output::line(format!("Job {job} is paused: its firings are recorded as skipped until it is resumed."))?;
        } else {
            output::line(format!("Job {job} runs on its schedule again; firings skipped meanwhile stay skipped."))?;
        }
        Ok(Exit::Done)
    })
    .await
}
