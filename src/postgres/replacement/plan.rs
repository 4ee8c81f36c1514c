//! Plans new tables: what each keeps of the old one at its place, and what it can't.

use std::collections::BTreeMap;

use crate::postgres::columns::Column;
use crate::postgres::error::{PgError, PgErrorKind};
use crate::postgres::session::Session;

use super::check::{self, Standing};
use super::definition::{self, ConstraintKind, Definition};
use super::dressing::{self, Dressing};
use super::kept::Kept;
use super::layout::{Incoming, Layout, NewColumn};
use super::new_table::{Origin, Replacement};
use super::place::Place;
use super::trial;
use super::types::{self, TypeHere};
use super::wanted::{Coming, Wanted};

/// Plans new tables, in the order in which they are wanted. Fails if one of them can't take its place, or a type of its
/// columns does not exist here.
///
/// The session must not be in a transaction. A few queries do for any number of tables.
pub async fn plan(session: &Session, wanted: &[Wanted]) -> Result<Vec<Replacement>, PgError> {
    let mut types = types_of(session, wanted).await?.into_iter();
    let places: Vec<Place> = wanted.iter().map(|one| one.place.clone()).collect();
    let doing = check::doing(&places);
    let reading = Box::pin(Found::read(session, wanted, &places, &doing));
    let mut found = check::quietly(session, &doing, reading).await?;
    let mut planned = Vec::new();
    for one in wanted {
        planned.push(found.replacement(one, &mut types)?);
    }
    let replaced: Vec<u32> = found.standings.keys().copied().collect();
    for one in &mut planned {
        let (place, hidden) = (one.place.clone(), one.hidden.clone());
        trial::take_off_misfits(session, &mut one.kept, &place, &hidden, &replaced).await?;
    }
    lose_keys_to_nowhere(&mut planned);
    dressing::refuse(&planned, &found.dressing, &doing)?;
    tell(&mut planned, &found.dressing);
    Ok(planned)
}

/// The types of the columns that come, one table after the other.
async fn types_of(session: &Session, wanted: &[Wanted]) -> Result<Vec<TypeHere>, PgError> {
    let mut columns: Vec<(String, &Column)> = Vec::new();
    for one in wanted {
        if let Coming::Columns(coming) = &one.coming {
            let of_table = if wanted.len() > 1 { format!(" of {}", one.place.full()) } else { String::new() };
            columns.extend(coming.iter().map(|column| (of_table.clone(), column)));
        }
    }
    if columns.is_empty() { Ok(Vec::new()) } else { types::resolve(session, &columns).await }
}

/// What was read of the tables that are there.
struct Found {
    standings: BTreeMap<u32, Standing>,
    definitions: BTreeMap<u32, Definition>,
    dressing: Vec<Dressing>,
    /// New tables that have been made already, by their full names: definition and storage parameters.
    made: BTreeMap<String, (Definition, Vec<String>)>,
}

impl Found {
    async fn read(session: &Session, wanted: &[Wanted], places: &[Place], doing: &str) -> Result<Self, PgError> {
        let standings = check::standings(session, places, doing).await?;
        let oids: Vec<u32> = standings.keys().copied().collect();
        let definitions = definition::read(session, &oids, doing).await?;
        let dressing = dressing::read(session, &oids, doing).await?;
        let is_made = |one: &&Wanted| matches!(one.coming, Coming::Made);
        let names: Vec<String> =
            wanted.iter().filter(is_made).map(|one| one.place.beside(&one.hidden).to_string()).collect();
        let made = if names.is_empty() { BTreeMap::new() } else { read_made(session, names, doing).await? };
        Ok(Self { standings, definitions, dressing, made })
    }

    fn replacement(
        &mut self,
        wanted: &Wanted,
        types: &mut impl Iterator<Item = TypeHere>,
    ) -> Result<Replacement, PgError> {
        let standing = wanted.place.oid.and_then(|oid| self.standings.get(&oid)).cloned();
        let old = wanted.place.oid.and_then(|oid| self.definitions.get(&oid)).cloned();
        let old_columns = old.as_ref().map(|old| old.columns.as_slice());
        let mut binary = true;
        let mut made_with = None;
        let (origin, mut layout) = match &wanted.coming {
            Coming::Columns(coming) => {
                let types: Vec<TypeHere> = types.by_ref().take(coming.len()).collect();
                let alike =
                    |(column, here): (&Column, &TypeHere)| column.portable_binary && here.oid == Some(column.type_oid);
                binary = coming.iter().zip(&types).all(alike);
                let incoming: Vec<Incoming> =
                    coming.iter().zip(types).map(|(column, here)| Incoming::from_source(column, here)).collect();
                (Origin::Columns, Layout::compare(old_columns, &incoming, true))
            }
            Coming::Like { otherwise } => match old_columns {
                Some(old) => {
                    let columns = old.iter().map(NewColumn::same).collect();
                    (Origin::Columns, Layout { columns, ..Layout::default() })
                }
                None => (Origin::Definition(otherwise.clone()), Layout::default()),
            },
            Coming::Made => {
                let name = wanted.place.beside(&wanted.hidden).to_string();
                let Some((made, options)) = self.made.remove(&name) else { return Err(gone(&name)) };
                let incoming: Vec<Incoming> = made.columns.iter().map(Incoming::from_made).collect();
                let columns = made.columns.clone();
                made_with = Some(made);
                (Origin::Made { options, columns }, Layout::compare(old_columns, &incoming, false))
            }
        };
        let drift = std::mem::take(&mut layout.drift);
        let mut kept = Kept::of(old.as_ref(), layout, wanted.indexes);
        if let Some(made) = &made_with {
            kept.recognise(made);
        }
        let (place, hidden, unlogged) = (wanted.place.clone(), wanted.hidden.clone(), wanted.unlogged);
        Ok(Replacement { place, hidden, unlogged, old, standing, kept, origin, drift, binary })
    }
}

/// The new tables of those names.
async fn read_made(
    session: &Session,
    names: Vec<String>,
    doing: &str,
) -> Result<BTreeMap<String, (Definition, Vec<String>)>, PgError> {
    let rows = session.query(include_str!("sql/now.sql"), &[&names], doing).await?;
    let oids: Vec<u32> = rows.iter().filter_map(|row| row.get(1)).collect();
    let mut definitions = definition::read(session, &oids, doing).await?;
    let mut standings = Standing::read(session, &oids, doing).await?;
    let made = names.into_iter().zip(&rows).filter_map(|(name, row)| {
        let oid: Option<u32> = row.get(1);
        let oid = oid?;
        Some((name, (definitions.remove(&oid).unwrap_or_default(), standings.remove(&oid)?.make.options)))
    });
    Ok(made.collect())
}

/// The error if a new table is not there. Only a later attempt's sweep takes it away: then this one has nothing to say
/// any more.
pub(super) fn gone(name: &str) -> PgError {
    let message = format!("the new table {name} is gone");
    PgError::without_server("looking for the new table", message, PgErrorKind::Lost)
}

/// Takes off foreign keys between tables that are replaced together, where the other one loses the key.
fn lose_keys_to_nowhere(planned: &mut [Replacement]) {
    let mut nowhere: Vec<(usize, String)> = Vec::new();
    for (place, one) in planned.iter().enumerate() {
        for constraint in &one.kept.constraints {
            let ConstraintKind::ForeignKey(reference) = &constraint.kind else { continue };
            let other = planned.iter().find(|other| other.place.oid == Some(reference.oid));
            let keeps = |other: &Replacement| reference.index.as_ref().is_some_and(|name| other.kept.has_index(name));
            if other.is_some_and(|other| !keeps(other)) {
                nowhere.push((place, constraint.words.clone()));
            }
        }
    }
    for (place, words) in nowhere {
        if let Some(one) = planned.get_mut(place) {
            one.kept.lose(&words, "the key that it leads to goes");
        }
    }
}

/// Tells what is lost besides the make.
fn tell(planned: &mut [Replacement], dressing: &[Dressing]) {
    for one in planned {
        for piece in dressing.iter().filter(|piece| Some(piece.table) == one.place.oid) {
            one.kept.lost.extend(piece.lost(&one.kept).map(str::to_owned));
        }
    }
}
