//! Puts finished hidden tables in the places of others, in one transaction.
//!
//! ```text
//! lock the old tables ─▶ look whether they are what was planned ─▶ drop them ─▶ rename ─▶ dress
//! ```
//!
//! A reader sees the old tables or the new ones, whole, and never neither. What hangs on an old table stops the swap.

use std::collections::BTreeSet;

use crate::postgres::error::PgError;
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
    if replacements.is_empty() {
        return Ok(());
    }
    let olds: BTreeSet<String> =
        replacements.iter().filter(|one| one.old.is_some()).map(|one| one.place.full().to_string()).collect();
    let outside = references_outside(replacements);
    let watched = olds.iter().chain(outside.iter().map(|(table, _)| table)).cloned();
    let mut patience = Patience::with(watched.collect());
    let locks: Vec<String> = olds.iter().map(|name| LockMode::AccessExclusive.statement(name)).collect();
    let releases: Vec<String> = outside.into_iter().map(|(_, statement)| statement).collect();
    loop {
        match Box::pin(try_swap(session, replacements, &patience, &locks, &releases)).await {
            Ok(()) => return Ok(()),
            Err(error) => patience.wait_after(session, error).await.map_err(explained)?,
        }
    }
}

async fn try_swap(
    session: &Session,
    replacements: &[Replacement],
    patience: &Patience,
    locks: &[String],
    releases: &[String],
) -> Result<(), PgError> {
    let doing = match replacements {
        [one] => format!("putting the new table in the place of {}", one.place.full()),
        _ => format!("putting {} new tables in their places", replacements.len()),
    };
    session.execute("begin; set local search_path = ''", doing.as_str()).await?;
    match session.execute(&patience.within(locks), doing.as_str()).await {
        Err(error) if error.is("42P01") => return Err(changed(&doing, &error.message)),
        locked => locked?,
    };
    let handover = Box::pin(Handover::read(session, replacements, &doing)).await?;
    if !releases.is_empty() {
        session.execute(&patience.within(releases), doing.as_str()).await?;
    }
    let statements = handover.statements(replacements);
    session.execute(&format!("{}; commit", statements.join("; ")), doing).await.map(drop)
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
