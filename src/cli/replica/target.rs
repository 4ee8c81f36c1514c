//! The replicas that the user means.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cli::arguments::ReplicaName;
use crate::cli::error::CliError;
use crate::cli::workspace::Workspace;
use crate::cli::{job_source, params};
use crate::domain::code::Code;
use crate::domain::failure::Failure;
use crate::steps::replica::{Layout, State, announced, refused};

/// A replica, as far as its name says.
pub(super) struct Target {
    /// Where its files stand.
    pub layout: Layout,
    /// The age at which it counts as stale, where a job says so.
    pub max_age: Option<Duration>,
}

impl Target {
    /// Its path, as text.
    pub(super) fn path(&self) -> String {
        self.layout.replica().display().to_string()
    }

    /// What is there of it.
    pub(super) fn state(&self) -> Result<State, Failure> {
        State::read(&self.layout).map_err(|error| refused(&format!("reading {}", self.path()), &error))
    }
}

/// All replicas that the name stands for; at least one.
pub(super) fn find(workspace: &Workspace, name: &ReplicaName) -> Result<Vec<Target>, CliError> {
    let text = &name.replica;
    if is_replica(text) {
        return Ok(vec![Target { layout: layout(Path::new(text))?, max_age: None }]);
    }
    let loaded = job_source::resolve(workspace, text)?;
    let given = crate::domain::params::complete(&loaded.job, params::parse(&name.params)?)?;
    let known = announced(&loaded.job, &loaded.base, &given, &workspace.settings.env_values());
    let on_disk = known.into_iter().filter_map(|one| Some((one.path?, one.max_age)));
    let found: Vec<(PathBuf, Option<Duration>)> = on_disk.collect();
    if found.is_empty() {
        let message = format!("job `{}` publishes no replica to a path that is known without a run", loaded.job.name);
        return Err(CliError::input(Code::NotFound, message, "name the replica by its path"));
    }
    found.into_iter().map(|(path, max_age)| Ok(Target { layout: layout(&path)?, max_age })).collect()
}

/// The only replica that the name stands for.
pub(super) fn only(workspace: &Workspace, name: &ReplicaName) -> Result<Target, CliError> {
    let mut found = find(workspace, name)?;
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (last, _) => {
            let paths = found.iter().chain(&last).map(Target::path).collect::<Vec<_>>().join(", ");
            let message = format!("`{}` publishes several replicas", name.replica);
            Err(CliError::input(Code::Parameter, message, format!("name one of them: {paths}")))
        }
    }
}

/// Whether the text names a replica rather than a job.
fn is_replica(text: &str) -> bool {
    let path = Path::new(text);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    !matches!(ending, "yaml" | "yml") && (text.contains('/') || ending == "db" || ending == "duckdb" || path.is_file())
}

fn layout(path: &Path) -> Result<Layout, CliError> {
    Layout::of(path).map_err(|error| {
        let message = format!("looking for the replica {}: {error}", path.display());
        CliError::input(Code::NotFound, message, "name a replica by its path, or by the job that publishes it")
    })
}
