//! The replicas that the user means.

use std::path::Path;
use std::time::Duration;

use crate::cli::arguments::ReplicaName;
use crate::cli::error::CliError;
use crate::cli::workspace::Workspace;
use crate::cli::{job_source, params, wire};
use crate::domain::code::Code;
use crate::domain::object::{AddressError, ObjectAddress};
use crate::steps::replica::remote::RemoteReplica;
use crate::steps::replica::{Announced, Layout, announced};

/// A replica, as far as its name says.
pub(super) struct Target {
    /// Where it stands.
    pub place: Place,
    /// The job that publishes it, if it was named by that.
    pub job: Option<String>,
    /// The age at which it counts as stale, where a job says so.
    pub max_age: Option<Duration>,
}

/// Where a replica stands.
pub(super) enum Place {
    /// On a disk.
    Disk(Layout),
    /// In an object store.
    Store(RemoteReplica),
}

impl Target {
    /// Its path or address, as text.
    pub(super) fn path(&self) -> String {
        match &self.place {
            Place::Disk(layout) => layout.replica().display().to_string(),
            Place::Store(replica) => replica.address().to_owned(),
        }
    }
}

/// All replicas that the name stands for; at least one.
pub(super) fn find(workspace: &Workspace, name: &ReplicaName) -> Result<Vec<Target>, CliError> {
    let text = &name.replica;
    if is_replica(text) {
        return Ok(vec![Target { place: place(text, Path::new(text), workspace)?, job: None, max_age: None }]);
    }
    let loaded = job_source::resolve(workspace, text)?;
    let given = crate::domain::params::complete(&loaded.job, params::parse(&name.params)?)?;
    let known = announced(&loaded.job, &loaded.base, &given, &workspace.settings.env_values());
    if known.is_empty() {
        let message = format!("job `{}` publishes no replica to a place that is known without a run", loaded.job.name);
        return Err(CliError::input(Code::NotFound, message, "name the replica by its path or address"));
    }
    let target = |one: Announced| {
        let path = one.path.unwrap_or_default();
        let job = Some(loaded.job.name.clone());
        Ok(Target { place: place(&one.to, &path, workspace)?, job, max_age: one.max_age })
    };
    known.into_iter().map(target).collect()
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

/// Where a replica stands: at an address, or at that path.
fn place(text: &str, path: &Path, workspace: &Workspace) -> Result<Place, CliError> {
    let looking = || format!("looking for the replica {text}");
    match ObjectAddress::parse(text) {
        Some(Ok(address)) => Ok(Place::Store(RemoteReplica::open(&wire::objects(&workspace.settings), &address)?)),
        Some(Err(error)) => {
            let message = format!("{}: {error}", looking());
            Err(CliError::input(Code::NotFound, message, AddressError::HINT))
        }
        None => Layout::of(path).map(Place::Disk).map_err(|error| {
            let message = format!("looking for the replica {}: {error}", path.display());
            CliError::input(Code::NotFound, message, "name a replica by its path, or by the job that publishes it")
        }),
    }
}
