//! Whether a connection's user may see and end what others run. Asked by steps that look at a server and by `doctor`.

use super::error::PgError;
use super::ident::Ident;
use super::session::Session;

/// What a user may see and end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monitoring {
    /// The user.
    pub user: String,
    /// Whether it sees what sessions of other users are and do: `pg_read_all_stats`, part of `pg_monitor`.
    pub sees_everybody: bool,
    /// Whether it may cancel and terminate sessions of other users: `pg_signal_backend`.
    pub may_signal: bool,
}

impl Monitoring {
    /// Asks the server.
    pub async fn of(session: &Session) -> Result<Self, PgError> {
        let sql = "select current_user::text, pg_has_role('pg_read_all_stats', 'USAGE'), \
                   pg_has_role('pg_signal_backend', 'USAGE')";
        let row = session.query_one(sql, &[], "asking for the user's privileges").await?;
        Ok(Self { user: row.get(0), sees_everybody: row.get(1), may_signal: row.get(2) })
    }

    /// The statement that lets the user see everybody's sessions, if it may not yet.
    pub fn grant_to_see(&self) -> Option<String> {
        (!self.sees_everybody).then(|| format!("grant pg_read_all_stats to {}", Ident::new(&self.user)))
    }

    /// The statement that lets the user end other users' sessions, if it may not yet.
    pub fn grant_to_signal(&self) -> Option<String> {
        (!self.may_signal).then(|| format!("grant pg_signal_backend to {}", Ident::new(&self.user)))
    }
}
