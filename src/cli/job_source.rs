//! The job that the user means by `JOB_OR_FILE`, and job files of folders.

use std::path::{Path, PathBuf};

use super::error::CliError;
use super::find;
use super::workspace::{self, Workspace};
use crate::domain::job::Job;
use crate::domain::step::StepKind;
use crate::spec::{self, Diagnostic, Loaded};
use crate::store::{Definition, Store};

/// A definition as the store keeps it.
pub(super) fn definition(loaded: Loaded) -> Definition {
    Definition { job: loaded.job, source: loaded.source, base: loaded.base }
}

/// Whether the text names a file rather than a job.
fn is_path(text: &str) -> bool {
    let path = Path::new(text);
    let yaml = path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
    text.contains('/') || yaml || path.is_file()
}

/// The job that `JOB_OR_FILE` means: a file, or a job of the `jobs_dir`. A file that is wrong is told with all that is wrong.
pub(super) fn resolve(workspace: &Workspace, text: &str) -> Result<Loaded, CliError> {
    if is_path(text) {
        return spec::load_file(Path::new(text), &workspace.known()).map_err(|found| workspace::wrong(&found));
    }
    let mut names = Vec::new();
    let mut broken: Vec<Diagnostic> = Vec::new();
    for (path, loaded) in files(workspace) {
        match loaded {
            Ok(loaded) if loaded.job.name == text => return Ok(loaded),
            Ok(loaded) => names.push(loaded.job.name),
            // A broken file is told if it may be the one that is meant.
            Err(found) if path.file_stem().is_some_and(|stem| stem == text) => return Err(workspace::wrong(&found)),
            Err(found) => broken.extend(found),
        }
    }
    if !broken.is_empty() {
        drop(workspace::wrong(&broken));
    }
    Err(find::no_job_among(text, names.iter().map(String::as_str)).into())
}

/// The job files of the `jobs_dir`; none if there is no such folder.
pub(super) fn files(workspace: &Workspace) -> Vec<(PathBuf, Result<Loaded, Vec<Diagnostic>>)> {
    let folder = &workspace.settings.jobs_dir;
    if folder.is_dir() { spec::load_dir(folder, &workspace.known()) } else { Vec::new() }
}

/// Makes jobs that `job` triggers known to the state database, where they aren't: from the folder of its file and from
/// the `jobs_dir`.
pub(super) async fn save_triggered(
    workspace: &Workspace,
    store: &Store,
    job: &Job,
    base: &Path,
) -> Result<(), CliError> {
    let triggers = |job: &Job| job.steps.iter().any(|step| matches!(step.kind, StepKind::Trigger(_)));
    if !triggers(job) {
        return Ok(());
    }
    let beside =
        if base == workspace.settings.jobs_dir { Vec::new() } else { spec::load_dir(base, &workspace.known()) };
    for (_, loaded) in beside.into_iter().chain(files(workspace)) {
        let Ok(loaded) = loaded else { continue };
        if loaded.job.name != job.name && store.job(&loaded.job.name).await?.is_none() {
            store.save_job(&definition(loaded)).await?;
        }
    }
    Ok(())
}
