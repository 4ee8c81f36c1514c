//! Puts finished hidden tables in the places of others, in one transaction.
//!
//! A reader sees the old tables or the new ones, whole, and never neither. What hangs on an old table stops the swap.

use std::fmt::Write as _;

use tokio::time::sleep;

use crate::postgres::error::{PgError, PgErrorKind};
use crate::postgres::session::Session;

use super::carry::CARRY;
use super::check::DROP_FIRST;
use super::lock::{self, Holders, LockMode};
use super::plan::Replacement;

/// Puts the tables in their places, all in one transaction.
///
/// The session must not be in a transaction. After an error the hidden tables are still there.
pub async fn swap(session: &Session, replacements: &[Replacement]) -> Result<(), PgError> {
    let oids: Vec<u32> = replacements.iter().filter_map(|one| one.place().oid).collect();
    let mut holders = Holders { words: None, patience: lock::PATIENCE };
    let mut tries = 1;
    loop {
        let Err(error) = try_swap(session, replacements, &holders).await else { return Ok(()) };
        // The error of the swap is what matters; a session that can't roll back is lost anyway.
        drop(session.execute("rollback", "rolling back").await);
        if !lock::is_busy(&error) {
            return Err(explained(error));
        }
        holders = lock::holders(session, &oids).await.unwrap_or(holders);
        if tries == lock::TRIES {
            return Err(holders.explain(explained(error)));
        }
        tries += 1;
        sleep(lock::PAUSE).await;
    }
}

async fn try_swap(session: &Session, replacements: &[Replacement], holders: &Holders) -> Result<(), PgError> {
    let doing = doing(replacements);
    session.execute("begin", doing.as_str()).await?;
    let olds: Vec<&Replacement> = replacements.iter().filter(|one| one.place().oid.is_some()).collect();
    let tables: Vec<_> = olds.iter().map(|one| (one.place().full(), LockMode::AccessExclusive)).collect();
    lock::lock(session, &tables, holders.patience, &doing).await?;
    let (mut before, mut after) = (String::new(), String::new());
    for one in replacements {
        let new = one.hidden().to_string();
        let find = "select to_regclass($1)::oid, to_regclass($2)::oid";
        let row = session.query_one(find, &[&one.place().full().to_string(), &new], doing.as_str()).await?;
        let (old_oid, new_oid): (Option<u32>, Option<u32>) = (row.get(0), row.get(1));
        let Some(new_oid) = new_oid else {
            // Only a later attempt's sweep does that: then this one has nothing to say any more.
            return Err(PgError::without_server(doing, format!("the new table {new} is gone"), PgErrorKind::Lost));
        };
        let Some(old_oid) = old_oid else { continue };
        for row in session.query(CARRY, &[&old_oid, &new_oid], doing.as_str()).await? {
            let (after_drop, statement): (bool, String) = (row.get(0), row.get(1));
            let list = if after_drop { &mut after } else { &mut before };
            writeln!(list, "{statement};").ok();
        }
    }
    if !tables.is_empty() {
        let tables: Vec<String> = tables.iter().map(|(name, _)| name.to_string()).collect();
        writeln!(before, "drop table {};", tables.join(", ")).ok();
    }
    for one in replacements {
        writeln!(before, "alter table {} rename to {};", one.hidden(), one.place().name).ok();
    }
    session.execute(&format!("{before}{after}commit"), doing).await?;
    Ok(())
}

fn doing(replacements: &[Replacement]) -> String {
    match replacements {
        [one] => format!("putting the new table in the place of {}", one.place().full()),
        _ => format!("putting {} new tables in their places", replacements.len()),
    }
}

/// The error with what to do about it.
fn explained(mut error: PgError) -> PgError {
    if error.is("2BP01") {
        error.hint = Some(DROP_FIRST.to_owned());
    }
    error
}
