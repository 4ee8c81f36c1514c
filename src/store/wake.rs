//! Hints between processes, through `NOTIFY`: there is work, a run is to be cancelled, a run ended.
//!
//! A hint may get lost and never carries a fact. Whoever acts on one reads the state first, and looks by itself every
//! few seconds as well.

use super::connection::Transaction;
use super::error::StoreError;
use super::pool::Store;
use crate::domain::ids::RunId;
use crate::postgres::Listener;

/// The channel's name.
pub(super) const CHANNEL: &str = "windlass";

/// A hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// A run may be claimed.
    Work,
    /// Somebody asked for a run's end.
    Cancel(RunId),
    /// A run ended.
    Ended(RunId),
    /// Jobs changed.
    Jobs,
}

impl Wake {
    /// The hint as it is sent.
    pub(super) fn payload(self) -> String {
        match self {
            Self::Work => "work".to_owned(),
            Self::Cancel(run) => format!("cancel {run}"),
            Self::Ended(run) => format!("ended {run}"),
            Self::Jobs => "jobs".to_owned(),
        }
    }

    fn parse(payload: &str) -> Option<Self> {
        let run = |text: &str| text.parse::<RunId>().ok();
        match payload.split_once(' ') {
            None if payload == "work" => Some(Self::Work),
            None if payload == "jobs" => Some(Self::Jobs),
            Some(("cancel", id)) => run(id).map(Self::Cancel),
            Some(("ended", id)) => run(id).map(Self::Ended),
            _ => None,
        }
    }

    /// Sends the hint when the transaction commits.
    pub(super) async fn notify(self, transaction: &Transaction<'_>) -> Result<(), tokio_postgres::Error> {
        transaction.execute("select pg_notify($1, $2)", &[&CHANNEL, &self.payload()]).await.map(|_| ())
    }
}

/// Hears hints.
pub struct WakeListener(Listener);

impl WakeListener {
    /// The next hint; an error once the connection is lost. Hints of a newer version are passed over.
    pub async fn next(&mut self) -> Result<Wake, StoreError> {
        loop {
            let payload = self.0.next().await.map_err(lost)?;
            if let Some(wake) = Wake::parse(&payload) {
                return Ok(wake);
            }
        }
    }
}

impl Store {
    /// A connection that hears hints.
    pub async fn listen(&self) -> Result<WakeListener, StoreError> {
        Listener::open(self.server(), "windlass listener", CHANNEL).await.map(WakeListener).map_err(lost)
    }
}

fn lost(error: crate::postgres::PgError) -> StoreError {
    StoreError::Unavailable { doing: "listening for hints", message: error.message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hint_reads_back() {
        let run = RunId(uuid::Uuid::from_u128(5));
        for wake in [Wake::Work, Wake::Cancel(run), Wake::Ended(run), Wake::Jobs] {
            assert_eq!(Wake::parse(&wake.payload()), Some(wake));
        }
        assert_eq!(Wake::parse("something newer"), None);
    }
}
