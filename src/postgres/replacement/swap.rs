//! Puts finished hidden tables in the places of others, in one transaction.
//!
//! ```text
//! lock the old tables ─▶ look whether they are what was planned ─▶ drop them ─▶ rename ─▶ dress
//! ```
//!
//! A reader sees the old tables or the new ones, whole, and never neither. What hangs on an old table stops the swap.

use std::collections::BTreeSet;

use crate::postgres::error::{PgError, PgErrorKind};
use crate::postgres::session::Session;

use super::check::DROP_FIRST;
use super::definition::Definition;
use super::handover::{Handover, changed};
use super::lock::{LockMode, Patience};
use super::new_table::Replacement;

/// Puts the tables in their places, all in one transaction.
///
/// The session must not be in a transaction. After an error the hidden tables are still there. If an old table's make
/// was changed since the plan, the error is transient: a new plan will have the change.
pub async fn swap(session: &Session, replacements: &[Replacement]) -> Result<(), PgError> {
    swap_and(session, replacements, &[]).await
}

/// The same, with more statements in the same transaction. They name every table in full: no search path is set there.
pub async fn swap_and(session: &Session, replacements: &[Replacement], also: &[String]) -> Result<(), PgError> {
    if replacements.is_empty() {
        return Ok(());
    }
    let doing = match replacements {
        [one] => format!("putting the new table in the place of {}", one.place.full()),
        _ => format!("putting {} new tables in their places", replacements.len()),
    };
    let swap = Swap::of(replacements, also, doing);
    let mut patience = Patience::with(swap.tables());
    loop {
        match Box::pin(swap.attempt(session, &patience)).await {
            Ok(()) => return Ok(()),
            Err(error) => patience.wait_after(session, error).await.map_err(explained)?,
        }
    }
}

/// A swap to be tried.
struct Swap<'a> {
    replacements: &'a [Replacement],
    also: &'a [String],
    doing: String,
    new: BTreeSet<String>,
    old: BTreeSet<String>,
    /// Foreign keys of the old tables that lead elsewhere: the table there, and the statement that drops the key.
    outside: Vec<(String, String)>,
}

impl<'a> Swap<'a> {
    fn of(replacements: &'a [Replacement], also: &'a [String], doing: String) -> Self {
        let olds = replacements.iter().filter(|one| one.old.is_some());
        Self {
            replacements,
            also,
            doing,
            new: replacements.iter().map(|one| one.hidden().to_string()).collect(),
            old: olds.map(|one| one.place.full().to_string()).collect(),
            outside: references_outside(replacements),
        }
    }

    /// All tables that are locked.
    fn tables(&self) -> Vec<String> {
        self.new.iter().chain(&self.old).chain(self.outside.iter().map(|(table, _)| table)).cloned().collect()
    }

    async fn attempt(&self, session: &Session, patience: &Patience) -> Result<(), PgError> {
        let doing = self.doing.as_str();
        session.execute("begin; set local search_path = ''; set local jit = off", doing).await?;
        // The new ones first: an autovacuum that is at work there holds nobody up but us.
        self.lock(session, patience, &self.new)
            .await
            .map_err(|error| if error.is("42P01") { gone(error) } else { error })?;
        let missing = |error: PgError| if error.is("42P01") { changed(doing, &error.message) } else { error };
        self.lock(session, patience, &self.old).await.map_err(missing)?;
        let handover = Box::pin(Handover::read(session, self.replacements, doing)).await?;
        if !self.outside.is_empty() {
            let releases: Vec<String> = self.outside.iter().map(|(_, statement)| statement.clone()).collect();
            session.execute(&patience.within(&releases), doing).await?;
        }
        let mut statements = handover.statements(self.replacements);
        statements.extend_from_slice(self.also);
        session.execute(&format!("{}; commit", statements.join("; ")), doing).await.map(drop)
    }

    async fn lock(&self, session: &Session, patience: &Patience, tables: &BTreeSet<String>) -> Result<(), PgError> {
        let locks: Vec<String> = tables.iter().map(|name| LockMode::AccessExclusive.statement(name)).collect();
        session.execute(&patience.within(&locks), self.doing.as_str()).await.map(drop)
    }
}

/// Only a later attempt's sweep takes a new table away: then this one has nothing to say any more.
fn gone(mut error: PgError) -> PgError {
    (error.kind, error.sqlstate) = (PgErrorKind::Lost, None);
    error
}

/// Foreign keys of the old tables that lead elsewhere, in the order of the tables there: to drop one locks the other
/// table too.
fn references_outside(replacements: &[Replacement]) -> Vec<(String, String)> {
    let mut outside = Vec::new();
    for one in replacements {
        for (name, reference) in one.old.iter().flat_map(Definition::references) {
            if !replacements.iter().any(|other| other.place.oid == Some(reference.oid)) {
                let drop = format!("alter table {} drop constraint {name}", one.place.full());
                outside.push((reference.table.clone(), drop));
            }
        }
    }
    outside.sort();
    outside
}

/// The error with what to do about it.
fn explained(mut error: PgError) -> PgError {
    if error.is("2BP01") {
        error.hint = Some(DROP_FIRST.to_owned());
    }
    error
}
