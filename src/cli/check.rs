//! `windlass check`: everything that is wrong with job files.

use std::path::{Path, PathBuf};

use super::arguments::{CheckArguments, Global};
use super::error::{CliError, Exit};
use super::workspace::{LogAs, Workspace};
use super::{clock, output};
use crate::domain::code::Code;
use crate::spec::{self, Diagnostic, Known, Loaded};

/// Checks files and folders.
pub(super) fn run(arguments: &CheckArguments, global: &Global) -> Result<Exit, CliError> {
    let workspace = Workspace::open(global, LogAs::Command)?;
    // Without settings nobody knows which connections there will be.
    let known = if workspace.settings.file.is_some() { workspace.known() } else { Known::only_time(clock::now()) };
    let paths = match arguments.paths.as_slice() {
        [] => vec![workspace.settings.jobs_dir.clone()],
        given => given.to_vec(),
    };
    let mut checked = Vec::new();
    for path in &paths {
        checked.extend(look_at(path, &known));
    }
    if checked.is_empty() {
        let folders: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(CliError::input(
            Code::JobFile,
            format!("there are no job files in {}", folders.join(", ")),
            "job files end in .yaml or .yml; name them, or a folder that holds them",
        ));
    }
    let count = checked.len();
    let problems: Vec<Diagnostic> = checked.into_iter().filter_map(|(_, loaded)| loaded.err()).flatten().collect();
    report(count, &problems, global)
}

fn look_at(path: &Path, known: &Known) -> Vec<(PathBuf, Result<Loaded, Vec<Diagnostic>>)> {
    if path.is_dir() {
        return spec::load_dir(path, known);
    }
    vec![(path.to_owned(), spec::load_file(path, known))]
}

fn report(count: usize, problems: &[Diagnostic], global: &Global) -> Result<Exit, CliError> {
    if global.json {
        output::json(&problems)?;
    } else if problems.is_empty() {
        let files = if count == 1 { "job file is" } else { "job files are" };
        output::line(format!("{count} {files} fine"))?;
    } else {
        output::line(spec::print(problems, console::colors_enabled()))?;
        let plural = if problems.len() == 1 { "problem" } else { "problems" };
        output::line(format!("\n{} {plural} in {count} job file(s)", problems.len()))?;
    }
    Ok(if problems.is_empty() { Exit::Done } else { Exit::BadInput })
}
