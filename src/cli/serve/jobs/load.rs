//! From job files to the state database, whenever something changed.

use std::collections::BTreeMap;
use std::time::Duration;

use super::files::{JobFiles, Look};
use super::watch::Watch;
use crate::cli::workspace::Workspace;
use crate::store::{Store, StoreError};

/// When a look is repeated because something may only be on its way, such as a file that an editor is saving.
const SOON: Duration = Duration::from_secs(1);

/// When saving is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// The jobs of this daemon's files.
pub(in crate::cli::serve) struct Jobs {
    files: JobFiles,
    watch: Watch,
    /// Hashes of the definitions that this daemon saved last, by job.
    saved: BTreeMap<String, String>,
    /// Whether the state database has heard of the files at all: a file may have gone while no daemon was up.
    told: bool,
}

impl Jobs {
    /// None so far.
    pub(in crate::cli::serve) fn new() -> Self {
        Self { files: JobFiles::default(), watch: Watch::new(), saved: BTreeMap::new(), told: false }
    }

    /// Waits until files may have changed.
    pub(in crate::cli::serve) async fn changed(&mut self) {
        self.watch.changed().await;
    }

    /// Reads all files again at the next load.
    pub(in crate::cli::serve) fn forget(&mut self) {
        self.files.forget();
    }

    /// Makes the files of the `jobs_dir` the jobs. What can't be done is logged: the jobs stay as they were. Says whether
    /// anything changed.
    pub(in crate::cli::serve) async fn load(&mut self, workspace: &Workspace, store: &Store) -> bool {
        let (folder, known) = (workspace.settings.jobs_dir.clone(), workspace.known());
        // Watched before it is looked at, so that nothing changes in between unseen.
        self.watch.follow(&folder, self.files.folders());
        let mut files = std::mem::take(&mut self.files);
        // A disk of the network that is away would block.
        let looking = tokio::task::spawn_blocking(move || {
            let look = files.look(&folder, &known);
            (files, look)
        });
        let look = match looking.await {
            Ok((files, look)) => {
                self.files = files;
                look
            }
            Err(error) => {
                tracing::error!(%error, "reading job files panicked; jobs stay as they were");
                return false;
            }
        };
        self.watch.follow(&workspace.settings.jobs_dir, self.files.folders());
        self.watch.look_within(look.again.then_some(SOON));
        if !look.news && self.told {
            return false;
        }
        match self.save(&look, workspace, store).await {
            Ok(()) => {
                self.told = true;
                let folder = workspace.settings.jobs_dir.display();
                tracing::info!(jobs = look.jobs.len(), changed = look.changed.len(), broken = look.broken, %folder, "jobs loaded");
                true
            }
            Err(error) => {
                tracing::error!(error = %error, "jobs could not be saved; they stay as they were");
                self.told = false;
                self.files.forget();
                self.watch.look_within(Some(RETRY));
                false
            }
        }
    }

    async fn save(&mut self, look: &Look, workspace: &Workspace, store: &Store) -> Result<(), StoreError> {
        for saved in store.save_changed(&look.changed).await? {
            // Somebody else has saved another version since this daemon did.
            if let (Some(ours), Some(theirs)) = (self.saved.get(&saved.job), &saved.before)
                && ours != theirs
            {
                tracing::warn!(job.name = %saved.job, "another daemon had loaded another version of this job; this one's file wins now");
            }
            tracing::debug!(job.name = %saved.job, "job saved");
            self.saved.insert(saved.job, saved.now);
        }
        // Which job a broken file holds may be unknown; then none is retired, because it could be that one.
        let mut all_known = !look.unknown;
        for job in &look.guessed {
            all_known &= store.job(job).await?.is_some();
        }
        if all_known {
            let names: Vec<&str> = look.jobs.iter().map(String::as_str).collect();
            for job in store.retire_others(&names).await? {
                tracing::info!(job.name = %job, "job retired: its file is gone");
                self.saved.remove(&job);
            }
        }
        let masked = look.problems.iter().map(|(job, text)| (job.clone(), workspace.masker.text(text).into_owned()));
        store.set_problems(&masked.collect()).await
    }
}
