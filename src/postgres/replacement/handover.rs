//! What goes from the old tables to the new ones while both are locked.

use std::collections::BTreeMap;

use crate::postgres::error::{PgError, PgErrorKind};
use crate::postgres::ident::{Ident, literal};
use crate::postgres::session::Session;

use super::check::Standing;
use super::definition::{self, Definition};
use super::dressing::{self, Dressing};
use super::new_table::{Origin, Replacement};
use super::plan::gone;
use super::strays;

/// The error if an old table isn't any more what it was when the new one was planned.
pub(super) fn changed(doing: &str, message: &str) -> PgError {
    let mut error = PgError::without_server(doing, message, PgErrorKind::Changed);
    error.hint =
        Some("somebody changed it while the new table was filled; the next attempt starts from the change".into());
    error
}

/// What was read of the old and new tables under the locks.
pub(super) struct Handover {
    /// Old tables' owners, in the order of the replacements; `None` where there is no old table.
    owners: Vec<Option<String>>,
    /// New tables' owners, and statements that take back what default privileges have given.
    made: Vec<(String, Vec<String>)>,
    dressing: Vec<Dressing>,
    /// Sequences that columns of old tables own: table, column, full name.
    sequences: Vec<(u32, String, String)>,
    /// Names for parts that nobody has planned.
    strays: Vec<String>,
}

impl Handover {
    /// Reads it; fails if an old table isn't what it was, or a new one has gone.
    pub(super) async fn read(session: &Session, replacements: &[Replacement], doing: &str) -> Result<Self, PgError> {
        let find = include_str!("sql/now.sql");
        let names: Vec<String> = replacements.iter().map(|one| one.place.full().to_string()).collect();
        let (mut olds, mut owners) = (Vec::new(), Vec::new());
        for (one, row) in replacements.iter().zip(session.query(find, &[&names], doing).await?) {
            let (now, owner): (Option<u32>, Option<String>) = (row.get(1), row.get(2));
            match (one.old.is_some(), now) {
                (true, Some(oid)) if now == one.place.oid => olds.push(oid),
                (false, None) => {}
                _ => return Err(changed(doing, &format!("{} is another table now", one.place.full()))),
            }
            owners.push(owner);
        }
        let names: Vec<String> = replacements.iter().map(|one| one.hidden().to_string()).collect();
        let (mut news, mut made) = (Vec::new(), Vec::new());
        for (name, row) in names.iter().zip(session.query(find, &[&names], doing).await?) {
            let (Some(oid), Some(owner)) = (row.get(1), row.get(2)) else { return Err(gone(name)) };
            news.push(oid);
            made.push((owner, row.get(3)));
        }
        let definitions = definition::read(session, &olds, doing).await?;
        let standings = Standing::read(session, &olds, doing).await?;
        for one in replacements {
            compare(one, &definitions, &standings).map_err(|message| changed(doing, &message))?;
        }
        let dressing = dressing::read(session, &olds, doing).await?;
        dressing::refuse(replacements, &dressing, doing)?;
        let sequences = session.query(include_str!("sql/sequences.sql"), &[&olds], doing).await?;
        let sequences = sequences.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
        let strays = strays::renames(session, replacements, &news, &olds, doing).await?;
        Ok(Self { owners, made, dressing, sequences, strays })
    }

    /// The statements of the swap, from the moment when all is locked.
    pub(super) fn statements(&self, replacements: &[Replacement]) -> Vec<String> {
        let mut statements = Vec::new();
        for ((one, owner), (maker, revokes)) in replacements.iter().zip(&self.owners).zip(&self.made) {
            let hidden = one.hidden();
            let Some(owner) = owner else { continue };
            statements.extend(revokes.iter().cloned());
            if owner != maker {
                statements.push(format!("alter table {hidden} owner to {}", Ident::new(owner.as_str())));
            }
            statements.extend(self.sequences_of(one));
        }
        let olds = replacements.iter().filter(|one| one.old.is_some());
        let olds: Vec<String> = olds.map(|one| one.place.full().to_string()).collect();
        if !olds.is_empty() {
            statements.push(format!("drop table {}", olds.join(", ")));
        }
        // After the drop, which frees names; before the tables' own renames, because these still know them by their old.
        statements.extend(self.strays.iter().cloned());
        for one in replacements {
            statements.push(format!("alter table {} rename to {}", one.hidden(), one.place.name));
            if !matches!(one.origin, Origin::Made { .. }) {
                statements.push(format!("comment on table {} is null", one.place.full()));
            }
        }
        statements.extend(replacements.iter().flat_map(Replacement::renames));
        let by_oid: BTreeMap<u32, &Replacement> =
            replacements.iter().filter_map(|one| Some((one.place.oid?, one))).collect();
        let dressed = self.dressing.iter().filter_map(|piece| piece.statement(&by_oid.get(&piece.table)?.kept));
        statements.extend(dressed.map(str::to_owned));
        statements
    }

    /// Sequences that stay: those that an old table's column owns get another owner, those of identity columns pass on
    /// where they stand.
    fn sequences_of(&self, one: &Replacement) -> Vec<String> {
        let owned = self
            .sequences
            .iter()
            .filter(|(table, column, _)| Some(*table) == one.place.oid && one.kept.has_column(column));
        let mut statements: Vec<String> = owned
            .map(|(_, column, name)| {
                format!("alter sequence {name} owned by {}.{}", one.hidden(), Ident::new(column.as_str()))
            })
            .collect();
        for (new, old) in one.kept.columns.iter().filter_map(|column| one.sequence_of(column)) {
            statements.push(pass_on(&one.place.beside(&new).to_string(), &one.place.beside(&old).to_string()));
        }
        statements
    }
}

/// Moves a new sequence to where the old one stands, unless its own rows have taken it further.
fn pass_on(new: &str, old: &str) -> String {
    let name = literal(new);
    format!(
        "select setval({name}, o.last_value, o.is_called) from {old} o, {new} n, pg_sequence s \
         where s.seqrelid = {name}::regclass and (not n.is_called or (o.is_called and \
           case when s.seqincrement > 0 then o.last_value > n.last_value else o.last_value < n.last_value end))"
    )
}

/// Says what is not any more as planned.
fn compare(
    one: &Replacement,
    definitions: &BTreeMap<u32, Definition>,
    standings: &BTreeMap<u32, Standing>,
) -> Result<(), String> {
    let (Some(planned), Some(now)) = (&one.old, one.place.oid.and_then(|oid| definitions.get(&oid))) else {
        return Ok(());
    };
    let make = |standing: Option<&Standing>| standing.map(|standing| standing.make.clone());
    let stands = one.place.oid.and_then(|oid| standings.get(&oid));
    let differ = [
        ("storage parameters", make(one.standing.as_ref()) != make(stands)),
        ("columns", planned.columns != now.columns),
        ("constraints", planned.constraints != now.constraints),
        ("indexes", planned.indexes != now.indexes),
        ("extended statistics", planned.statistics != now.statistics),
    ];
    match differ.iter().find(|(_, differ)| *differ) {
        Some((what, _)) => Err(format!("the {what} of {} were changed meanwhile", one.place.full())),
        None => Ok(()),
    }
}
