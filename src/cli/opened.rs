//! A command with the state database open.

use super::arguments::Global;
use super::error::{CliError, Exit};
use super::wire;
use super::workspace::{LogAs, Workspace};
use crate::postgres::embedded::Embedded;
use crate::store::{Actor, Store, Via};
use crate::telemetry::Metrics;

/// The state database, open.
pub(super) struct Opened {
    /// Settings, masking, logging.
    pub workspace: Workspace,
    /// The state database.
    pub store: Store,
    /// Numbers of this process.
    pub metrics: Metrics,
    /// This command's share in the embedded server.
    pub embedded: Option<Embedded>,
}

impl Opened {
    /// Opens the state database, starting the embedded server if that is where it is.
    pub(super) async fn open(workspace: Workspace) -> Result<Self, CliError> {
        let metrics = Metrics::new(env!("CARGO_PKG_VERSION"));
        let embedded = wire::embedded(&workspace.settings).await?;
        let opening = async {
            let server = wire::state_server(&workspace.settings, embedded.as_ref())?;
            wire::store(server, metrics.clone()).await
        };
        match opening.await {
            Ok(store) => Ok(Self { workspace, store, metrics, embedded }),
            Err(error) => {
                release(embedded).await;
                Err(error)
            }
        }
    }

    /// Who acts.
    #[expect(clippy::unused_self, reason = "who acts does so on what is open")]
    pub(super) fn actor(&self) -> Actor {
        Actor { name: user(), via: Via::Command }
    }

    /// Lets go of the embedded server, and waits until it is down if nobody else uses it.
    pub(super) async fn close(self) {
        let Self { store, embedded, .. } = self;
        // Its connections would keep the server's stop waiting.
        store.close();
        release(embedded).await;
    }
}

/// Does `work` with the state database open, and closes it on every path.
pub(super) async fn with_state(
    global: &Global,
    work: impl AsyncFnOnce(&Opened) -> Result<Exit, CliError>,
) -> Result<Exit, CliError> {
    let opened = Opened::open(Workspace::open(global, LogAs::Command)?).await?;
    let result = work(&opened).await;
    opened.close().await;
    result
}

/// Lets go of the embedded server.
pub(super) async fn release(embedded: Option<Embedded>) {
    if let Some(embedded) = embedded
        && let Err(error) = embedded.stop().await
    {
        tracing::warn!(%error, "the embedded server could not be stopped; its guardian stops it");
    }
}

/// The user's name for the audit, as the system knows it.
fn user() -> String {
    let uid = nix::unistd::getuid();
    nix::unistd::User::from_uid(uid).ok().flatten().map_or_else(|| format!("uid {uid}"), |user| user.name)
}
