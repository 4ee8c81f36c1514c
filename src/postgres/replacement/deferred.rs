//! Work on new tables that waits until their rows are in.
//!
//! Indexes are quicker built than kept up to date, and several at once are quicker than one after the other. A foreign
//! key needs the other table's lock, so it is added without looking at the rows, which is done in an instant, and looked
//! at afterwards under a lock that hurts nobody.

use crate::postgres::error::PgError;
use crate::postgres::ident::Ident;
use crate::postgres::session::Session;

use super::definition::{ColumnDefinition, Constraint, ConstraintKind, Reference};
use super::layout::NewColumn;
use super::lock::Patience;
use super::new_table::{Origin, Replacement, column_settings, speak};
use super::statement;

/// Work on new tables whose rows are in and committed.
#[derive(Clone, Debug)]
pub struct Deferred {
    doing: String,
    work: Work,
}

#[derive(Clone, Debug)]
enum Work {
    /// Statements that lock nothing but new tables.
    Own(String),
    /// Statements that each lock a table of others for an instant: its full name, and the statement.
    Others(Vec<(String, String)>),
}

impl Deferred {
    /// What it does, a lowercase fragment: `building the index "fast" of "s"."t"`.
    pub fn doing(&self) -> &str {
        &self.doing
    }

    /// Its statements, for a log.
    pub fn sql(&self) -> String {
        match &self.work {
            Work::Own(statements) => statements.clone(),
            Work::Others(others) => others.iter().map(|(_, sql)| sql.as_str()).collect::<Vec<_>>().join("; "),
        }
    }

    /// Does it, in a transaction of its own. The session must not be in one.
    pub async fn run(&self, session: &Session) -> Result<(), PgError> {
        let others = match &self.work {
            Work::Own(statements) => return session.execute(statements, self.doing.as_str()).await.map(drop),
            Work::Others(others) => others,
        };
        let (tables, statements): (Vec<String>, Vec<String>) = others.iter().cloned().unzip();
        let mut patience = Patience::with(tables);
        loop {
            match session.execute(&patience.within(&statements), self.doing.as_str()).await {
                Ok(_) => return Ok(()),
                Err(error) => patience.wait_after(session, error).await?,
            }
        }
    }
}

impl Replacement {
    /// What completes the table when its rows are in, in stages: what is in one stage may run at the same time, on
    /// sessions of their own.
    pub fn afterwards(&self) -> Vec<Vec<Deferred>> {
        let built = self
            .kept
            .indexes
            .iter()
            .enumerate()
            .filter(|(_, index)| !index.made_by_constraint && !self.kept.made.contains_key(&index.name));
        let indexes = built.map(|(number, index)| Deferred {
            doing: format!("building the {} of {}", index.words, self.place.full()),
            work: Work::Own(statement::create_index(index, &self.index_name(number), &self.hidden().to_string())),
        });
        let mut stages: Vec<Vec<Deferred>> = vec![indexes.collect()];
        let completed = self.completing();
        if !completed.is_empty() {
            let doing = format!("completing the new table for {}", self.place.full());
            stages.push(vec![Deferred { doing, work: Work::Own(completed.join("; ")) }]);
        }
        stages.retain(|stage| !stage.is_empty());
        stages
    }

    /// Keys and other constraints, statistics, and what a table that others made doesn't have yet.
    fn completing(&self) -> Vec<String> {
        let hidden = self.hidden();
        let mut statements = Vec::new();
        let mut alter = |actions: Vec<String>| {
            if !actions.is_empty() {
                statements.push(format!("alter table {hidden} {}", actions.join(", ")));
            }
        };
        if let Origin::Made { options, columns } = &self.origin {
            self.not_null_names(columns).for_each(|rename| alter(vec![rename]));
            alter(self.kept.columns.iter().flat_map(|column| self.catching_up(column, columns)).collect());
            alter(self.checks(true).collect());
            let missing = self.missing_options(options);
            alter(if missing.is_empty() { Vec::new() } else { vec![format!("set ({})", missing.join(", "))] });
        }
        alter(self.not_valid_not_nulls().chain(self.checks(false)).collect());
        alter(self.keys().collect());
        for (index, exclusion) in self.exclusions() {
            // The one part of an index that a constraint's definition leaves out.
            let name = Ident::new(exclusion.1).to_string();
            statements.push(format!(
                "set local default_tablespace = {name}; alter table {hidden} {}; set local default_tablespace to default",
                statement::add_constraint(exclusion.0, &index, &exclusion.0.definition, true)
            ));
        }
        for (number, index) in self.kept.indexes.iter().enumerate().filter(|(_, index)| !index.settings.is_empty()) {
            let name = self.place.beside(&self.index_name(number));
            statements.extend(index.settings.iter().map(|setting| format!("alter index {name} {setting}")));
        }
        for (number, one) in self.kept.statistics.iter().enumerate() {
            let name = self.statistics_name(number);
            statements.push(statement::create_statistics(one, &name, &hidden.to_string()));
            if let Some(target) = one.target.filter(|target| *target >= 0) {
                let full = format!("{}.{}", Ident::new(one.schema.as_str()), Ident::new(name));
                statements.push(format!("alter statistics {full} set statistics {target}"));
            }
        }
        statements
    }

    /// What a column of a table that others made doesn't have yet.
    fn catching_up(&self, column: &NewColumn, made: &[ColumnDefinition]) -> Vec<String> {
        let mut actions = Vec::new();
        let Some(like) = &column.like else { return actions };
        let name = Ident::new(column.name.as_str());
        let has_it = made.iter().any(|one| one.name == column.name && one.not_null.is_some());
        if let Some(not_null) = like.not_null.as_ref().filter(|not_null| not_null.valid && !has_it) {
            actions.push(statement::add_not_null(&column.name, not_null, true));
        }
        if let (Some(identity), Some((sequence, _))) = (&like.identity, self.sequence_of(column)) {
            let identified = statement::identified(identity, &self.place.beside(&sequence).to_string());
            actions.push(format!("alter column {name} add generated {identified}"));
        } else if let Some(expression) = &like.expression {
            actions.push(format!("alter column {name} set default {expression}"));
        }
        actions.extend(column_settings(column));
        actions
    }

    /// The names that NOT NULL has in the old table, from PostgreSQL 18 on, for columns that are so already.
    fn not_null_names(&self, made: &[ColumnDefinition]) -> impl Iterator<Item = String> {
        made.iter().filter_map(|made| {
            let like = self.kept.columns.iter().find(|column| column.name == made.name)?.like.as_ref()?;
            let (now, old) = (made.not_null.as_ref()?.name.as_ref()?, like.not_null.as_ref()?.name.as_ref()?);
            let (from, to) = (Ident::new(now.as_str()), Ident::new(old.as_str()));
            (now != old).then(|| format!("rename constraint {from} to {to}"))
        })
    }

    /// Storage parameters of the old table that whoever made the new one has said nothing about.
    fn missing_options(&self, made: &[String]) -> Vec<&str> {
        let key = |option: &str| option.split_once(" = ").map(|(key, _)| key.to_owned());
        let made: Vec<_> = made.iter().map(|option| key(option)).collect();
        let old = self.standing.as_ref().map_or(&[][..], |standing| &standing.make.options);
        old.iter().filter(|option| !made.contains(&key(option))).map(String::as_str).collect()
    }

    fn not_valid_not_nulls(&self) -> impl Iterator<Item = String> {
        self.kept.columns.iter().filter_map(|column| {
            let not_null = column.like.as_ref()?.not_null.as_ref().filter(|not_null| !not_null.valid)?;
            Some(statement::add_not_null(&column.name, not_null, false))
        })
    }

    fn checks(&self, valid: bool) -> impl Iterator<Item = String> {
        let wanted = move |one: &&Constraint| one.kind == ConstraintKind::Check && one.valid == valid;
        let add = move |one: &Constraint| statement::add_constraint(one, &one.name, &one.definition, valid);
        self.kept.constraints.iter().filter(wanted).map(add)
    }

    fn keys(&self) -> impl Iterator<Item = String> {
        self.kept.constraints.iter().filter_map(|constraint| {
            let ConstraintKind::Key(primary) = constraint.kind else { return None };
            if self.kept.has_key(constraint) {
                return None;
            }
            let of = |index: &super::definition::Index| index.constraint.as_ref() == Some(&constraint.name);
            let number = self.kept.indexes.iter().position(of)?;
            Some(statement::add_key(constraint, primary, &self.index_name(number)))
        })
    }

    /// Constraints that make their indexes: the index's hidden name, the constraint, the tablespace.
    fn exclusions(&self) -> impl Iterator<Item = (String, (&Constraint, &str))> {
        self.kept.constraints.iter().filter_map(|constraint| {
            let ConstraintKind::Exclusion { index } = &constraint.kind else { return None };
            let number = self.kept.indexes.iter().position(|one| one.name == *index)?;
            let tablespace = self.kept.indexes.get(number)?.tablespace.as_str();
            Some((self.index_name(number), (constraint, tablespace)))
        })
    }

    pub(super) fn foreign_keys(&self) -> impl Iterator<Item = (&Constraint, &Reference)> {
        self.kept.constraints.iter().filter_map(|constraint| match &constraint.kind {
            ConstraintKind::ForeignKey(reference) => Some((constraint, reference)),
            _ => None,
        })
    }
}

/// The foreign keys of new tables, in stages: what is in one stage may run at the same time, on sessions of their own.
/// They come after `Replacement::afterwards` of all tables, because they may lead from one to another.
fn references(replacements: &[Replacement]) -> Vec<Vec<Deferred>> {
    let (mut added, mut validated) = (Vec::new(), Vec::new());
    for one in replacements {
        let hidden = one.hidden();
        let mut validate = Vec::new();
        for (constraint, reference) in one.foreign_keys() {
            let sibling = replacements.iter().find(|other| other.place.oid == Some(reference.oid));
            let table = sibling.map_or_else(|| reference.table.clone(), |sibling| sibling.hidden().to_string());
            let definition = format!("{}{table}{}", reference.head, reference.tail);
            let add = statement::add_constraint(constraint, &constraint.name, &definition, false);
            added.push((table, format!("alter table {hidden} {add}")));
            if constraint.valid && constraint.enforced {
                validate.push(format!("validate constraint {}", Ident::new(constraint.name.as_str())));
            }
        }
        if !validate.is_empty() {
            let doing = format!("checking the foreign keys of {}", one.place.full());
            let work = Work::Own(format!("alter table {hidden} {}", validate.join(", ")));
            validated.push(Deferred { doing, work });
        }
    }
    if added.is_empty() {
        return Vec::new();
    }
    added.sort();
    let add = Deferred { doing: "adding the foreign keys".to_owned(), work: Work::Others(added) };
    let mut stages = vec![vec![add], validated];
    stages.retain(|stage| !stage.is_empty());
    stages
}

/// Does all that tables need when their rows are in, one thing after the other on one session. The error speaks of the
/// tables by their own names.
pub async fn complete(session: &Session, replacements: &[Replacement]) -> Result<(), PgError> {
    for replacement in replacements {
        let work: Vec<Deferred> = replacement.afterwards().into_iter().flatten().collect();
        for deferred in work {
            deferred.run(session).await.map_err(|error| replacement.speak(error))?;
        }
    }
    refer(session, replacements).await
}

/// Adds the foreign keys of new tables, one after the other on one session. They come after `Replacement::afterwards` of
/// all tables, because they may lead from one to another. The error speaks of the tables by their own names.
pub async fn refer(session: &Session, replacements: &[Replacement]) -> Result<(), PgError> {
    for deferred in references(replacements).into_iter().flatten() {
        deferred.run(session).await.map_err(|error| speak(replacements, error))?;
    }
    Ok(())
}
