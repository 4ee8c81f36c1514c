//! The field cases, one after the other, each as a shipped job.

use std::collections::BTreeMap;

use crate::cli::error::{CliError, Exit};
use crate::cli::follow::{Reporter, Watched, until_end};
use crate::cli::run::summary;
use crate::cli::signals::Signals;
use crate::cli::{find, output};
use crate::domain::run::Run;
use crate::domain::state::RunState;
use crate::engine::Daemon;
use crate::store::{Actor, NewRun, Store};

/// Runs chapters.
pub(super) struct Chapters<'d> {
    pub(super) store: &'d Store,
    pub(super) actor: Actor,
    pub(super) daemon: &'d Daemon,
    pub(super) signals: &'d mut Signals,
    /// How this program is called with the demo's settings.
    pub(super) program: String,
}

impl Chapters<'_> {
    /// One job, with what its case is about. Prints a table of it and of what it triggered.
    pub(super) async fn job(&mut self, job: &str, about: &str, api: Option<&str>) -> Result<(), CliError> {
        title(job, about)?;
        let params = api.map(|api| ("api".to_owned(), api.to_owned())).into_iter().collect();
        let runs = self.runs(job, vec![(job.to_owned(), params)]).await?;
        summary(&runs, &self.program)
    }

    /// Runs of one job for several accounts, all made at once.
    pub(super) async fn accounts(
        &mut self,
        job: &str,
        about: &str,
        accounts: &[&str],
        api: &str,
    ) -> Result<Vec<Run>, CliError> {
        title(job, about)?;
        let of_account = |(number, account): (usize, &&str)| {
            let given = [("account", *account), ("api", api)];
            let params = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
            (format!("{account}#{}", number + 1), BTreeMap::from(params))
        };
        let runs = self.runs(job, accounts.iter().enumerate().map(of_account).collect()).await?;
        output::line("")?;
        Ok(runs)
    }

    /// Makes the runs and watches them to their end; one that doesn't succeed ends the demo.
    async fn runs(&mut self, job: &str, wanted: Vec<(String, BTreeMap<String, String>)>) -> Result<Vec<Run>, CliError> {
        let Some(stored) = self.store.job(job).await? else { return Err(find::no_job(self.store, job).await.into()) };
        let events = self.daemon.events();
        let mut reporter = Reporter::new(false);
        let mut ids = Vec::new();
        for (name, given) in wanted {
            let params = crate::domain::params::complete(&stored.definition.job, given)?;
            let mut new = NewRun::manual(job, stored.hash.clone(), params);
            new.private_to = Some(self.daemon.id());
            reporter.name(new.id, name);
            ids.push(self.store.make_run(&self.actor, "run", &new).await?);
        }
        let Watched { runs, interrupted, .. } =
            until_end(self.store, &self.actor, &ids, events, &mut reporter, self.signals).await?;
        if interrupted {
            return Err(CliError::Told(Exit::Interrupted));
        }
        if runs.iter().any(|run| run.state != RunState::Succeeded) {
            summary(&runs, &self.program)?;
            return Err(CliError::Told(Exit::RunFailed));
        }
        Ok(runs)
    }
}

fn title(job: &str, about: &str) -> Result<(), CliError> {
    output::line("")?;
    output::line(console::style(format!("━━ {job}")).bold().to_string())?;
    output::line(format!("   {about}"))
}
