//! Job files from disk to jobs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::domain::job::Job;

use super::diagnostic::Diagnostic;
use super::known::Known;
use super::node::Node;
use super::problems::{At, Problems};
use super::raw::RawJob;
use super::resolve;
use super::schema::schema;
use super::shape::Shape;
use super::source::Source;

/// The shape of a job file; making the schema takes longer than checking against it.
static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape::strict(schema()));

/// A file in a folder of jobs that is not a job.
const SETTINGS_FILE: &str = "windlass.yaml";

/// A job and the file that it comes from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The job.
    pub job: Job,
    /// The file's text, as it is kept with the definition.
    pub source: String,
    /// The file's path, as it was given.
    pub path: PathBuf,
    /// The file's folder, absolute: where its relative paths start.
    pub base: PathBuf,
    /// Other files that were read into the job.
    pub reads: Vec<PathBuf>,
    /// Where the file says the job's name, for messages about two jobs of one name.
    name_at: Diagnostic,
}

impl Loaded {
    /// What is wrong with this file if another one, at that place, holds a job of the same name.
    pub fn second_to(&self, first: &str) -> Diagnostic {
        let mut diagnostic = self.name_at.clone();
        diagnostic.message = format!("there is another job `{}`", self.job.name);
        diagnostic.with_hint(format!("the other one is in {first}"))
    }
}

/// Reads one job file. All that is wrong with it is found, in the order of the file.
pub fn load_file(path: &Path, known: &Known) -> Result<Loaded, Vec<Diagnostic>> {
    load(&Source::read(path).map_err(|diagnostic| vec![diagnostic])?, known)
}

/// Reads a job file's text. Its path says where relative paths start; nothing needs to be there.
pub fn load_text(path: &Path, bytes: Vec<u8>, known: &Known) -> Result<Loaded, Vec<Diagnostic>> {
    load(&Source::from_bytes(path, bytes).map_err(|diagnostic| vec![diagnostic])?, known)
}

/// Reads all job files of a folder (`*.yaml` and `*.yml`, not those in folders below, not `windlass.yaml`), sorted by
/// name. Of two files with the same job name the second is refused.
pub fn load_dir(folder: &Path, known: &Known) -> Vec<(PathBuf, Result<Loaded, Vec<Diagnostic>>)> {
    let paths = match job_files(folder) {
        Ok(paths) => paths,
        Err(error) => {
            let diagnostic = Diagnostic::of_file(folder, format!("the folder of jobs can't be read: {error}"));
            return vec![(folder.to_owned(), Err(vec![diagnostic]))];
        }
    };
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    paths
        .into_iter()
        .map(|path| {
            let loaded = load_file(&path, known).and_then(|loaded| {
                if let Some(first) = seen.get(&loaded.job.name) {
                    return Err(vec![loaded.second_to(first)]);
                }
                seen.insert(loaded.job.name.clone(), loaded.name_at.place());
                Ok(loaded)
            });
            (path, loaded)
        })
        .collect()
}

/// Paths of the job files of a folder, sorted.
pub fn job_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let is_yaml = Path::new(name).extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
        // Editors keep their drafts in hidden files.
        if is_yaml && !name.starts_with('.') && name != SETTINGS_FILE {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

fn load(source: &Source, known: &Known) -> Result<Loaded, Vec<Diagnostic>> {
    let base =
        std::path::absolute(&source.path).ok().and_then(|path| path.parent().map(Path::to_owned)).unwrap_or_default();
    let mut problems = Problems::new(source);
    let node = Node::parse(source).map_err(|diagnostic| vec![diagnostic])?;
    let Some(node) = SHAPE.check(node, &mut problems) else {
        return Err(problems.into_sorted());
    };
    let at = At::root(&node);
    let raw: RawJob = match serde_json::from_value(node.to_json()) {
        Ok(raw) => raw,
        Err(error) => {
            // The schema lets through what the struct refuses: a defect, but the file's author needs an answer.
            problems.push(Diagnostic::of_file(&source.path, format!("the file can't be read as a job: {error}")));
            return Err(problems.into_sorted());
        }
    };
    let job = resolve::resolve(&raw, at, &base, known, &mut problems);
    let name_at = Diagnostic::at(source, at.key("job").span(), "the job's name");
    match job {
        Some((job, reads)) if problems.len() == 0 => {
            Ok(Loaded { job, source: source.text.clone(), path: source.path.clone(), base, reads, name_at })
        }
        _ => Err(problems.into_sorted()),
    }
}
