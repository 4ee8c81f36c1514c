//! A new table that will take a place: how to make it, and what to do when its rows are in.

use crate::postgres::error::PgError;
use crate::postgres::ident::{Ident, QualifiedName, literal};

use super::check::Standing;
use super::definition::{ColumnDefinition, ConstraintKind, Definition};
use super::kept::Kept;
use super::layout::NewColumn;
use super::place::Place;
use super::statement;

/// What a new table is told by until it has its place: for whoever finds it.
const COMMENT: &str = "made by Windlass and not finished; goes with the next attempt, or drop it";

/// A new table that will take a place.
#[derive(Clone, Debug)]
pub struct Replacement {
    pub(super) place: Place,
    pub(super) hidden: String,
    pub(super) unlogged: bool,
    /// The old table as it was when it was looked at.
    pub(super) old: Option<Definition>,
    pub(super) standing: Option<Standing>,
    pub(super) kept: Kept,
    pub(super) origin: Origin,
    pub(super) drift: Vec<String>,
    pub(super) binary: bool,
}

/// Where a new table's columns come from.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// They are planned.
    Columns,
    /// From this, between the parentheses of CREATE TABLE.
    Definition(String),
    /// It has been made by somebody else, with these storage parameters and columns.
    Made { options: Vec<String>, columns: Vec<ColumnDefinition> },
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
        &self.kept.lost
    }

    /// Whether COPY's binary form of all columns that come means the same on this server.
    pub const fn binary(&self) -> bool {
        self.binary
    }

    /// The statements that make the table under its hidden name, without indexes. Empty if it has been made.
    pub fn create(&self) -> String {
        let hidden = self.hidden();
        let (body, rest) = match &self.origin {
            Origin::Made { .. } => return String::new(),
            Origin::Definition(definition) => (definition.clone(), String::new()),
            Origin::Columns => (self.body(), self.settings()),
        };
        let unlogged = if self.unlogged { "unlogged " } else { "" };
        let storage = self.standing.as_ref().map_or_else(String::new, storage);
        format!(
            "create {unlogged}table {hidden} ({body}){storage};{rest} comment on table {hidden} is {}",
            literal(COMMENT)
        )
    }

    fn body(&self) -> String {
        let column = |column: &NewColumn| {
            let sequence = self.sequence_of(column).map(|(name, _)| self.place.beside(&name).to_string());
            let filling = statement::filling(column, sequence.as_deref());
            format!("{}{filling}{}", column.bare(), statement::not_null(column, self.place.name.as_str()))
        };
        let checks = self.kept.constraints.iter().filter(|one| one.kind == ConstraintKind::Check && one.valid);
        let check = |one: &super::definition::Constraint| {
            format!("constraint {} {}", Ident::new(one.name.as_str()), one.definition)
        };
        self.kept.columns.iter().map(column).chain(checks.map(check)).collect::<Vec<_>>().join(", ")
    }

    /// What CREATE TABLE can't say of columns.
    fn settings(&self) -> String {
        let actions: Vec<String> = self.kept.columns.iter().flat_map(column_settings).collect();
        if actions.is_empty() {
            String::new()
        } else {
            format!(" alter table {} {};", self.hidden(), actions.join(", "))
        }
    }

    /// The hidden name of a new index, by its place among those that are kept.
    pub(super) fn index_name(&self, number: usize) -> String {
        let made = self.kept.indexes.get(number).and_then(|index| self.kept.made.get(&index.name));
        made.map_or_else(|| format!("{}_i{number}", self.hidden), |made| made.name.clone())
    }

    /// The hidden name of the new statistics, by their place among those that are kept.
    pub(super) fn statistics_name(&self, number: usize) -> String {
        format!("{}_e{number}", self.hidden)
    }

    /// The hidden name of an identity column's sequence, and its old one.
    pub(super) fn sequence_of(&self, column: &NewColumn) -> Option<(String, String)> {
        let number = self.kept.columns.iter().position(|one| one.name == column.name)?;
        let identity = column.like.as_ref()?.identity.as_ref()?;
        Some((format!("{}_s{number}", self.hidden), identity.sequence.clone()))
    }

    /// The statements that give the parts of the table their old names, which must be free.
    pub(super) fn renames(&self) -> Vec<String> {
        let mut renames = Vec::new();
        for (number, index) in self.kept.indexes.iter().enumerate() {
            let (from, to) = (self.place.beside(&self.index_name(number)), Ident::new(index.name.as_str()));
            renames.push(format!("alter index {from} rename to {to}"));
        }
        for (number, one) in self.kept.statistics.iter().enumerate() {
            let (schema, from) = (Ident::new(one.schema.as_str()), Ident::new(self.statistics_name(number)));
            renames.push(format!("alter statistics {schema}.{from} rename to {}", Ident::new(one.name.as_str())));
        }
        for (from, to) in self.kept.columns.iter().filter_map(|column| self.sequence_of(column)) {
            renames.push(format!("alter sequence {} rename to {}", self.place.beside(&from), Ident::new(to)));
        }
        renames
    }

    /// The same error, with the table's own names for its hidden ones.
    pub fn speak(&self, error: PgError) -> PgError {
        let indexes = self.kept.indexes.iter().enumerate();
        let indexes: Vec<(String, &str)> =
            indexes.map(|(number, index)| (self.index_name(number), index.name.as_str())).collect();
        let names = indexes.iter().map(|(hidden, own)| (hidden.as_str(), *own));
        // The longer ones first: the table's name is part of all others.
        let names: Vec<(&str, &str)> = names.rev().chain([(self.hidden.as_str(), self.place.name.as_str())]).collect();
        error.renamed(&names)
    }
}

/// The same error, with the tables' own names for their hidden ones.
pub fn speak(replacements: &[Replacement], error: PgError) -> PgError {
    replacements.iter().fold(error, |error, one| one.speak(error))
}

/// What stands behind the parentheses of CREATE TABLE.
fn storage(standing: &Standing) -> String {
    let mut text = String::new();
    if let Some(method) = &standing.make.method {
        text = format!(" using {}", Ident::new(method.as_str()));
    }
    if !standing.make.options.is_empty() {
        text = format!("{text} with ({})", standing.make.options.join(", "));
    }
    if let Some(tablespace) = &standing.make.tablespace {
        text = format!("{text} tablespace {}", Ident::new(tablespace.as_str()));
    }
    text
}

/// Actions of ALTER TABLE that make a column what it was besides its type.
pub(super) fn column_settings(column: &NewColumn) -> Vec<String> {
    let name = Ident::new(column.name.as_str());
    let like = column.like.as_ref();
    let settings = like.map_or(&[][..], |like| &like.settings).iter();
    let storage = like.map_or(&[][..], |like| &like.storage).iter();
    storage.chain(settings).map(|setting| format!("alter column {name} {setting}")).collect()
}
