//! Work on new tables that waits until their rows are in.

use crate::postgres::error::PgError;
use crate::postgres::session::Session;

use super::plan::Replacement;

/// Statements on a new table whose rows are in and committed. They need no transaction around them and may not be in
/// one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deferred {
    /// What they do, a lowercase fragment: `building the index "fast"`.
    pub doing: String,
    /// The statements.
    pub sql: String,
}

impl Deferred {
    /// Runs them.
    pub async fn run(&self, session: &Session) -> Result<(), PgError> {
        session.execute(&self.sql, self.doing.as_str()).await.map(drop)
    }
}

/// The foreign keys of new tables, in stages: what is in one stage may run at the same time, on sessions of their own.
/// They come after `Replacement::afterwards` of all tables, because they may lead from one to another.
pub fn references(_replacements: &[Replacement]) -> Vec<Vec<Deferred>> {
    Vec::new()
}

/// Does all that tables need when their rows are in, one thing after the other on one session. The error speaks of the
/// tables by their own names.
pub async fn complete(session: &Session, replacements: &[Replacement]) -> Result<(), PgError> {
    for replacement in replacements {
        let work: Vec<Deferred> = replacement.afterwards().into_iter().flatten().collect();
        for deferred in work {
            deferred.run(session).await.map_err(|error| replacement.speak(error))?;
        }
    }
    let references: Vec<Deferred> = references(replacements).into_iter().flatten().collect();
    for deferred in references {
        let spoken = |error| replacements.iter().fold(error, |error, one| one.speak(error));
        deferred.run(session).await.map_err(spoken)?;
    }
    Ok(())
}
