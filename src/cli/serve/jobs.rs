//! The jobs that the daemon runs: as the files say, and where a file is broken as it last said.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cli::job_source;
use crate::cli::workspace::Workspace;
use crate::spec::{Diagnostic, Loaded};
use crate::store::{Definition, Store, StoreError};

/// Which job each file held when it was last right.
#[derive(Default)]
pub(super) struct Jobs {
    names: BTreeMap<PathBuf, String>,
}

impl Jobs {
    /// Makes the files of the `jobs_dir` the jobs. What can't be done is logged: the jobs stay as they were.
    pub(super) async fn load(&mut self, workspace: &Workspace, store: &Store) {
        let folder = &workspace.settings.jobs_dir;
        let files = crate::spec::load_dir(folder, &workspace.known());
        match self.save(files, store).await {
            Ok((count, broken)) => {
                tracing::info!(jobs = count, broken, folder = %folder.display(), "jobs loaded");
            }
            Err(error) => tracing::error!(error = %error, "jobs could not be saved; they stay as they were"),
        }
    }

    async fn save(
        &mut self,
        files: Vec<(PathBuf, Result<Loaded, Vec<Diagnostic>>)>,
        store: &Store,
    ) -> Result<(usize, usize), StoreError> {
        let mut definitions: Vec<Definition> = Vec::new();
        let mut broken: Vec<PathBuf> = Vec::new();
        for (path, loaded) in files {
            match loaded {
                Ok(loaded) => {
                    self.names.insert(path, loaded.job.name.clone());
                    definitions.push(job_source::definition(loaded));
                }
                Err(found) => {
                    for problem in found {
                        tracing::error!(at = problem.place(), hint = problem.hint, "{}", problem.message);
                    }
                    broken.push(path);
                }
            }
        }
        // Which job a broken file holds may be unknown; then none is retired, because it could be that one.
        let mut all_known = true;
        for path in &broken {
            let kept = match self.name_of(path) {
                Some(name) if definitions.iter().any(|definition| definition.job.name == name) => continue,
                Some(name) => store.job(&name).await?,
                None => None,
            };
            all_known &= kept.is_some();
            definitions.extend(kept.map(|kept| kept.definition));
        }
        if all_known {
            store.save_jobs(&definitions).await?;
        } else {
            for definition in &definitions {
                store.save_job(definition).await?;
            }
        }
        Ok((definitions.len(), broken.len()))
    }

    /// The job of a file that can't be read now: the one it held before, else the one that its text still names.
    fn name_of(&self, path: &Path) -> Option<String> {
        self.names.get(path).cloned().or_else(|| named_in(&std::fs::read_to_string(path).ok()?))
    }
}

/// The name after `job:` at the beginning of a line.
fn named_in(text: &str) -> Option<String> {
    let name = text.lines().find_map(|line| line.strip_prefix("job:"))?;
    let name = name.split(" #").next().unwrap_or(name).trim().trim_matches(['"', '\'']);
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_file_still_says_which_job_it_holds() {
        assert_eq!(named_in("# x\njob: \"nightly\" # the one\nsteps: [").as_deref(), Some("nightly"));
        assert_eq!(named_in("steps: []\n  job: inner\n"), None);
    }
}
