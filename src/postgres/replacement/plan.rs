//! What a new table will be: like the old one at its place, or as the rows that come need it.

use std::collections::BTreeMap;

use crate::postgres::columns::{Column, columns};
use crate::postgres::error::PgError;
use crate::postgres::ident::{Ident, QualifiedName};
use crate::postgres::session::Session;

use super::check::{LOST, check};
use super::deferred::Deferred;
use super::place::Place;
use super::types::{TargetType, resolve};
use super::wanted::{Coming, Wanted};

/// A new table that will take a place: how to make it, what to do when its rows are in, what it will not have.
#[derive(Clone, Debug)]
pub struct Replacement {
    place: Place,
    hidden: String,
    create: String,
    drift: Vec<String>,
    lost: Vec<String>,
    binary: bool,
}

impl Replacement {
    /// Where it will stand.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Its full name until the swap.
    pub fn hidden(&self) -> QualifiedName {
        self.place.beside(&self.hidden)
    }

    /// How the rows that come differ from the old table, column by column, in words.
    pub fn drift(&self) -> &[String] {
        &self.drift
    }

    /// What goes with the old table, in words.
    pub fn lost(&self) -> &[String] {
        &self.lost
    }

    /// Whether COPY's binary form of all columns that come means the same on this server.
    pub const fn binary(&self) -> bool {
        self.binary
    }

    /// The statements that make the table under its hidden name, without indexes. Empty if it has been made.
    pub fn create(&self) -> &str {
        &self.create
    }

    /// What completes the table when its rows are in, in stages: what is in one stage may run at the same time, on
    /// sessions of their own.
    pub fn afterwards(&self) -> Vec<Vec<Deferred>> {
        Vec::new()
    }

    /// The same error, with the table's own name for its hidden one.
    pub fn speak(&self, mut error: PgError) -> PgError {
        let own = |text: &String| text.replace(&self.hidden, self.place.name.as_str());
        error.message = own(&error.message);
        error.doing = own(&error.doing);
        error.detail = error.detail.as_ref().map(own);
        error.context = error.context.as_ref().map(own);
        error
    }
}

/// Plans new tables. Fails if one of them can't take its place, or a type of its columns does not exist here.
///
/// The session must not be in a transaction.
pub async fn plan(session: &Session, wanted: &[Wanted]) -> Result<Vec<Replacement>, PgError> {
    let places: Vec<Place> = wanted.iter().map(|one| one.place.clone()).collect();
    check(session, &places).await?;
    let mut planned = Vec::new();
    for one in wanted {
        planned.push(plan_one(session, one).await?);
    }
    Ok(planned)
}

async fn plan_one(session: &Session, wanted: &Wanted) -> Result<Replacement, PgError> {
    let place = &wanted.place;
    let full = place.full();
    let mut lost: Vec<String> = Vec::new();
    let (mut drift, mut binary) = (Vec::new(), true);
    if let Some(oid) = place.oid {
        let rows = session.query(LOST, &[&oid], format!("looking at {full}")).await?;
        lost = rows.iter().map(|row| row.get(0)).collect();
    }
    let like = format!("like {full} including all");
    let definition = match &wanted.coming {
        Coming::Made => None,
        Coming::Like { otherwise } => Some(if place.oid.is_some() { like } else { otherwise.clone() }),
        Coming::Columns(source) => {
            let types = resolve(session, source).await?;
            binary = source
                .iter()
                .zip(&types)
                .all(|(column, here)| column.portable_binary && here.oid == Some(column.type_oid));
            if let Some(now) = existing(session, place).await? {
                drift = differences(&now, source);
            }
            Some(if place.oid.is_some() && drift.is_empty() { like } else { define(source, &types, &mut lost) })
        }
    };
    let unlogged = if wanted.unlogged { "unlogged " } else { "" };
    let new = place.beside(&wanted.hidden);
    let create = definition.map_or_else(String::new, |text| format!("create {unlogged}table {new} ({text})"));
    Ok(Replacement { place: place.clone(), hidden: wanted.hidden.clone(), create, drift, lost, binary })
}

/// The columns of the old table, without generated ones.
async fn existing(session: &Session, place: &Place) -> Result<Option<Vec<Column>>, PgError> {
    if place.oid.is_none() {
        return Ok(None);
    }
    let full = place.full();
    let mut found = columns(session, &format!("select * from {full}"), &format!("looking at {full}")).await?;
    found.retain(|column| !column.generated);
    Ok(Some(found))
}

/// How the old table's columns differ from those that come, in words. The order doesn't matter.
fn differences(now: &[Column], source: &[Column]) -> Vec<String> {
    let was: BTreeMap<&str, &str> = now.iter().map(|one| (one.name.as_str(), one.sql_type.as_str())).collect();
    let will: BTreeMap<&str, &str> = source.iter().map(|one| (one.name.as_str(), one.sql_type.as_str())).collect();
    let gone = was.keys().filter(|name| !will.contains_key(*name));
    let mut told: Vec<String> = gone.map(|name| format!("column `{name}` is not in the source and goes")).collect();
    for (name, new) in &will {
        match was.get(name) {
            None => told.push(format!("column `{name}` ({new}) is new")),
            Some(old) if old != new => told.push(format!("column `{name}` changes from {old} to {new}")),
            Some(_) => {}
        }
    }
    told
}

/// A new table's columns as they come.
fn define(source: &[Column], types: &[TargetType], lost: &mut Vec<String>) -> String {
    let column = |(column, here): (&Column, &TargetType)| {
        let mut text = format!("{} {}", Ident::new(column.name.as_str()), column.sql_type);
        if let Some((schema, name)) = &column.collation {
            let collation =
                QualifiedName { schema: Some(Ident::new(schema.as_str())), name: Ident::new(name.as_str()) };
            if here.collation_known {
                text = format!("{text} collate {collation}");
            } else {
                lost.push(format!("collation {collation} of column `{}`: it does not exist here", column.name));
            }
        }
        if column.not_null { format!("{text} not null") } else { text }
    };
    source.iter().zip(types).map(column).collect::<Vec<_>>().join(", ")
}
