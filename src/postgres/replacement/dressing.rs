//! What a table has besides its make: grants, comments, triggers, rules, policies, marks, places in publications.
//!
//! It is cheap to give and may change at any time, so it is read again when the old table is locked for the swap, and
//! given after the new table has its name: the server's own words for it then hold as they are.

use crate::postgres::error::{PgError, PgErrorKind};
use crate::postgres::session::Session;

use super::kept::Kept;
use super::new_table::Replacement;

/// One thing of that.
#[derive(Clone, Debug)]
pub(super) struct Dressing {
    /// The table that has it.
    pub(super) table: u32,
    /// For people; `None` where it goes without saying that it stays or goes with what it is about.
    words: Option<String>,
    /// What it is about, by its words.
    about: Option<String>,
    /// Columns that must be there.
    needs: Vec<String>,
    /// The statement; `None` if it can't be had again.
    statement: Option<String>,
    /// Whether the table must not be there without it.
    vital: bool,
}

impl Dressing {
    /// The statement, if it is right for a new table.
    pub(super) fn statement(&self, kept: &Kept) -> Option<&str> {
        let fits = self.needs.iter().all(|name| kept.has_column(name))
            && self.about.as_ref().is_none_or(|words| kept.keeps(words));
        self.statement.as_deref().filter(|_| fits)
    }

    /// What is lost if a new table doesn't get it; `None` if it does, or nobody need be told.
    pub(super) fn lost(&self, kept: &Kept) -> Option<&str> {
        if self.statement(kept).is_some() { None } else { self.words.as_deref() }
    }

    /// Why it could not be given as it is, in words.
    fn obstacle(&self, kept: &Kept) -> Option<String> {
        let unfit = self.lost(kept).is_some() || kept.retyped(&self.needs);
        self.words.as_ref().filter(|_| unfit).map(|words| {
            let changed = |name: &&String| !kept.has_column(name) || kept.retyped([*name]);
            let columns: Vec<&str> = self.needs.iter().filter(changed).map(String::as_str).collect();
            format!("{words} reads `{}`, which changes", columns.join("`, `"))
        })
    }
}

/// The error if one of the tables must not be there without something that it can't have.
pub(super) fn refuse(replacements: &[Replacement], dressing: &[Dressing], doing: &str) -> Result<(), PgError> {
    let of = |piece: &Dressing| replacements.iter().find(|one| one.place.oid == Some(piece.table));
    let obstacle = |piece: &Dressing| {
        let one = of(piece)?;
        Some(format!("{}: {}", one.place.full(), piece.obstacle(&one.kept)?))
    };
    let vital = dressing.iter().filter(|piece| piece.vital);
    let obstacles: Vec<String> = vital.filter_map(obstacle).collect();
    if obstacles.is_empty() {
        return Ok(());
    }
    let mut error = PgError::without_server(doing, obstacles.join("; "), PgErrorKind::Blocked);
    error.hint = Some("change the policy, so that it holds for the new columns too".to_owned());
    Err(error)
}

/// Reads what tables have, in the order in which it is to be given. The search path must be empty.
pub(super) async fn read(session: &Session, tables: &[u32], doing: &str) -> Result<Vec<Dressing>, PgError> {
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    let rows = session.query(include_str!("sql/dressing.sql"), &[&tables], doing).await?;
    let dressing = |row: &tokio_postgres::Row| Dressing {
        table: row.get(0),
        words: row.get(1),
        about: row.get(2),
        needs: row.get(3),
        statement: row.get(4),
        vital: row.get(5),
    };
    Ok(rows.iter().map(dressing).collect())
}
