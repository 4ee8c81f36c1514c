//! Whether what stood on a column still fits when the column's type changes: PostgreSQL is asked.
//!
//! An empty table with the new columns is made, each part is tried on it, and all of it is rolled back. Guessing by the
//! types would mean to know each operator class and cast.

use crate::postgres::error::PgError;
use crate::postgres::ident::Ident;
use crate::postgres::session::Session;

use super::definition::ConstraintKind;
use super::kept::Kept;
use super::layout::NewColumn;
use super::place::Place;
use super::statement;

/// Something that is tried, and how.
struct Trial {
    part: Part,
    sql: String,
}

/// A part by its words, or the filling of a column by the column's name.
enum Part {
    Named(String),
    Filling(String),
}

/// Takes off what doesn't fit, and tells it. What is made for the trial has names that begin with `hidden`; `replaced`
/// are all tables that will be replaced together.
///
/// The session must not be in a transaction.
pub(super) async fn take_off_misfits(
    session: &Session,
    kept: &mut Kept,
    place: &Place,
    hidden: &str,
    replaced: &[u32],
) -> Result<(), PgError> {
    let table = place.beside(&format!("{hidden}_t")).to_string();
    let trials = Trials { kept, replaced, table, hidden };
    let (make, trials) = (trials.make(), trials.all());
    if trials.is_empty() {
        return Ok(());
    }
    let doing = format!("trying the new types of {}", place.full());
    session.execute(&format!("begin; set local lock_timeout = '500ms'; {make}"), doing.as_str()).await?;
    let mut misfits = Vec::new();
    for Trial { part, sql } in trials {
        let Err(error) = session.execute(&format!("savepoint part; {sql}; release part"), doing.as_str()).await else {
            continue;
        };
        if error.sqlstate.is_none() {
            return Err(error);
        }
        session.execute("rollback to part", doing.as_str()).await?;
        // No lock is no answer: it may be had later.
        if !error.is("55P03") {
            misfits.push((part, error.message));
        }
    }
    session.execute("rollback", doing).await?;
    for (part, reason) in misfits {
        match part {
            Part::Named(words) => kept.lose(&words, &reason),
            Part::Filling(name) => kept.lose_filling(&name, &reason),
        }
    }
    Ok(())
}

/// The trials of one table.
struct Trials<'a> {
    kept: &'a Kept,
    /// The tables that are replaced together.
    replaced: &'a [u32],
    /// The name of the table that it is tried on.
    table: String,
    hidden: &'a str,
}

impl Trials<'_> {
    /// Makes the table, without what is to be tried.
    fn make(&self) -> String {
        let certain = self.kept.columns.iter().filter(|one| !(one.retyped && is_generated(one)));
        let column = |one: &NewColumn| {
            let filling = if is_generated(one) { statement::filling(one, None) } else { String::new() };
            format!("{}{filling}", one.bare())
        };
        format!("create table {} ({})", self.table, certain.map(column).collect::<Vec<_>>().join(", "))
    }

    fn all(&self) -> Vec<Trial> {
        let fillings = self.kept.columns.iter().filter(|one| one.retyped).filter_map(|one| self.filling(one));
        fillings.chain(self.parts()).collect()
    }

    fn filling(&self, column: &NewColumn) -> Option<Trial> {
        let (like, name, table) = (column.like.as_ref()?, Ident::new(column.name.as_str()), &self.table);
        let sql = if is_generated(column) {
            format!("alter table {table} add column {}{}", column.bare(), statement::filling(column, None))
        } else if let Some(expression) = &like.expression {
            format!("alter table {table} alter column {name} set default {expression}")
        } else {
            let identity = like.identity.as_ref()?;
            let (when, options) = (&identity.when, &identity.options);
            format!(
                "alter table {table} alter column {name} set not null, \
                 alter column {name} add generated {when} as identity ({options})"
            )
        };
        Some(Trial { part: Part::Filling(column.name.clone()), sql })
    }

    fn parts(&self) -> Vec<Trial> {
        let (kept, table) = (self.kept, &self.table);
        let mut parts: Vec<(String, String)> = Vec::new();
        for index in kept.indexes.iter().filter(|one| !one.made_by_constraint && kept.retyped(&one.needs)) {
            let name = format!("{}_t{}", self.hidden, parts.len());
            parts.push((index.words.clone(), statement::create_index(index, &name, table)));
        }
        for constraint in kept.constraints.iter().filter(|one| kept.retyped(&one.needs)) {
            match &constraint.kind {
                // The index is tried.
                ConstraintKind::Key(_) => continue,
                // The other side changes as well.
                ConstraintKind::ForeignKey(reference) if self.replaced.contains(&reference.oid) => continue,
                _ => {}
            }
            let name = format!("{}_t{}", self.hidden, parts.len());
            let add = statement::add_constraint(constraint, &name, &constraint.definition, true);
            parts.push((constraint.words.clone(), format!("alter table {table} {add}")));
        }
        for statistics in kept.statistics.iter().filter(|one| kept.retyped(&one.needs)) {
            let name = format!("{}_t{}", self.hidden, parts.len());
            parts.push((statistics.words.clone(), statement::create_statistics(statistics, &name, table)));
        }
        parts.into_iter().map(|(words, sql)| Trial { part: Part::Named(words), sql }).collect()
    }
}

fn is_generated(column: &NewColumn) -> bool {
    column.like.as_ref().is_some_and(|like| like.generated.is_some())
}
