//! What can go wrong with the state database.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, FailureClass, Side};
use crate::postgres::PgError;

/// An error of the state database.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// It can't be reached, doesn't answer in time or broke off. The call's outcome is unknown: read before trying again.
    #[error("{doing}: the state database can't be reached: {message}")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// What the driver said.
        message: String,
    },
    /// The run isn't owned by this daemon (any more).
    #[error("{doing}: the run is not this daemon's any more")]
    NotOwner {
        /// What was being done.
        doing: &'static str,
    },
    /// The schema was made by a newer Windlass.
    #[error("the state database was migrated by a newer Windlass: {0}")]
    Newer(String),
    /// There is no such thing, or it is not in a state in which this can be done.
    #[error("{0}")]
    Refused(String),
    /// The database refused a statement.
    #[error("{doing}: {error}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// Its own words.
        error: PgError,
    },
    /// What is stored can't be read by this version.
    #[error("{doing}: what is stored can't be read: {message}")]
    Unreadable {
        /// What was being done.
        doing: &'static str,
        /// What can't be read.
        message: String,
    },
}

impl StoreError {
    /// Whether waiting and trying again is the thing to do.
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// As a failure of a step or command.
    pub fn failure(&self) -> Failure {
        let message = self.to_string();
        match self {
            Self::Unavailable { .. } => Failure::transient(Code::StateUnavailable, Side::Internal, message)
                .with_hint("check that the state database runs and that `state` in windlass.yaml points to it"),
            Self::NotOwner { .. } => Failure::new(Code::NotOwner, FailureClass::Cancelled, Side::Internal, message),
            Self::Newer(_) => Failure::permanent(Code::StateNewer, Side::Internal, message)
                .with_hint("run the newer Windlass, or restore a backup of the state from before the upgrade"),
            Self::Refused(_) => Failure::permanent(Code::Conflict, Side::Internal, message),
            Self::Database { error, .. } => error.clone().on(Side::Internal).while_doing("using the state database"),
            Self::Unreadable { .. } => Failure::bug(message),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        error.failure()
    }
}
