//! Why there is no embedded server.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};

/// Why the embedded server can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmbeddedError {
    /// The machine has no PostgreSQL programs that will do.
    #[error("looking for PostgreSQL programs for the embedded server: {message}")]
    Missing {
        /// What was found instead.
        message: String,
        /// The command that installs them.
        hint: String,
    },
    /// It could not be prepared, started or stopped.
    #[error("{doing} the embedded PostgreSQL server: {message}")]
    Start {
        /// What was being done: `starting`.
        doing: &'static str,
        /// What went wrong, in the server's or the system's words.
        message: String,
        /// What to do next.
        hint: Option<String>,
    },
}

impl EmbeddedError {
    /// A failure to start or prepare, without advice.
    pub(super) fn start(doing: &'static str, message: impl std::fmt::Display) -> Self {
        Self::Start { doing, message: message.to_string(), hint: None }
    }

    /// A failure of the file system, with the path.
    pub(super) fn file(doing: &'static str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::start(doing, format_args!("`{}`: {error}", path.display()))
    }

    /// The same with advice.
    pub(super) fn with_hint(self, advice: impl Into<String>) -> Self {
        match self {
            Self::Start { doing, message, .. } => Self::Start { doing, message, hint: Some(advice.into()) },
            missing @ Self::Missing { .. } => missing,
        }
    }
}

impl From<EmbeddedError> for Failure {
    fn from(error: EmbeddedError) -> Self {
        let message = error.to_string();
        let (code, hint) = match error {
            EmbeddedError::Missing { hint, .. } => (Code::EmbeddedMissing, Some(hint)),
            EmbeddedError::Start { hint, .. } => (Code::EmbeddedStart, hint),
        };
        let failure = Self::permanent(code, Side::Internal, message);
        match hint {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    }
}
