//! What of the old table's make the new one keeps, and what is lost with columns that don't come.

use std::collections::{BTreeMap, BTreeSet};

use super::definition::{Constraint, ConstraintKind, Definition, Index, Statistics};
use super::layout::{Layout, NewColumn};

/// What a new table is built with.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    pub(super) columns: Vec<NewColumn>,
    pub(super) constraints: Vec<Constraint>,
    pub(super) indexes: Vec<Index>,
    pub(super) statistics: Vec<Statistics>,
    /// What is lost, in words for people.
    pub(super) lost: Vec<String>,
    /// Indexes that a table that others made has already, by the names of the old ones that they are equal to.
    pub(super) made: BTreeMap<String, MadeIndex>,
    /// The names of things that the new table won't have, so that nothing is said about them to the server.
    dropped: BTreeSet<String>,
}

impl Kept {
    /// Keeps what the columns permit.
    pub(super) fn of(old: Option<&Definition>, layout: Layout, indexes: bool) -> Self {
        let mut kept = Self::default();
        let there = |needs: &[String]| needs.iter().all(|name| layout.has(name));
        for index in old.iter().flat_map(|old| &old.indexes) {
            let words = &index.words;
            let reason = if index.constraint.is_none() && !indexes {
                kept.dropped.insert(words.clone());
                continue;
            } else if !index.valid {
                Some("it is invalid")
            } else if index.whole_row {
                Some("it reads the whole row")
            } else if there(&index.needs) {
                None
            } else {
                Some("a column goes")
            };
            match reason {
                None => kept.indexes.push(index.clone()),
                // Told with its constraint.
                Some(_) if index.constraint.is_some() => drop(kept.dropped.insert(words.clone())),
                Some(reason) => kept.lose(words, reason),
            }
        }
        for constraint in old.iter().flat_map(|old| &old.constraints) {
            if constraint.whole_row {
                kept.lose(&constraint.words, "it reads the whole row");
            } else if !there(&constraint.needs) || (constraint.has_index() && !kept.has_index_of(constraint)) {
                kept.lose(&constraint.words, "a column goes");
            } else {
                kept.constraints.push(constraint.clone());
            }
        }
        for statistics in old.iter().flat_map(|old| &old.statistics) {
            if there(&statistics.needs) {
                kept.statistics.push(statistics.clone());
            } else {
                kept.lose(&statistics.words, "a column goes");
            }
        }
        kept.lost.extend(layout.lost);
        kept.columns = layout.columns;
        kept
    }

    /// Finds what a table that others made has already: what is equal is not built again and gets the old name.
    pub(super) fn recognise(&mut self, made: &Definition) {
        for index in &self.indexes {
            let kind = kind_of(&self.constraints, index);
            let fits = |one: &&Index| {
                let theirs = kind_of(&made.constraints, one);
                (one.unique, &one.body, &one.predicate) == (index.unique, &index.body, &index.predicate)
                    && (theirs.is_none() || theirs == kind)
                    && !self.made.values().any(|made| made.name == one.name)
            };
            if let Some(one) = made.indexes.iter().find(fits) {
                let made = MadeIndex { name: one.name.clone(), is_key: one.constraint.is_some() };
                self.made.insert(index.name.clone(), made);
            }
        }
        let primary = ConstraintKind::Key(true);
        let old = self.constraints.iter().find(|one| one.kind == primary && !self.has_key(one));
        let words = old.map(|old| old.words.clone());
        if let Some(words) = words.filter(|_| made.constraints.iter().any(|one| one.kind == primary)) {
            self.lose(&words, "the new table has another primary key");
        }
    }

    /// Whether the new table has that key already.
    pub(super) fn has_key(&self, key: &Constraint) -> bool {
        let index = self.indexes.iter().find(|index| index.constraint.as_ref() == Some(&key.name));
        index.and_then(|index| self.made.get(&index.name)).is_some_and(|made| made.is_key)
    }

    /// Takes off what turned out not to fit any more.
    pub(super) fn lose(&mut self, words: &str, reason: &str) {
        self.lost.push(format!("{words} ({reason})"));
        self.drop_all(words);
    }

    fn drop_all(&mut self, words: &str) {
        let key = self.constraints.iter().find(|one| one.words == words).map(|one| one.name.clone());
        let of_key = |index: &Index| key.is_some() && index.constraint == key;
        let index = self.indexes.iter().find(|one| one.words == words).and_then(|one| one.constraint.clone());
        let dropped = self.indexes.iter().filter(|one| of_key(one)).map(|one| one.words.clone());
        self.dropped.extend(dropped.chain([words.to_owned()]));
        self.indexes.retain(|one| one.words != words && !of_key(one));
        self.constraints.retain(|one| one.words != words && (index.is_none() || Some(&one.name) != index.as_ref()));
        self.statistics.retain(|one| one.words != words);
    }

    /// Takes off what a column fills itself with. One that nothing else fills goes, and all that stands on it.
    pub(super) fn lose_filling(&mut self, name: &str, reason: &str) {
        let Some(place) = self.columns.iter().position(|column| column.name == name) else { return };
        let Some(like) = self.columns.get_mut(place).and_then(|column| column.like.as_mut()) else { return };
        if like.generated.is_none() {
            (like.expression, like.identity) = (None, None);
            self.lost.push(format!("default of column `{name}` ({reason})"));
            return;
        }
        self.columns.remove(place);
        self.lost.push(format!("generated column `{name}` ({reason})"));
    }

    /// Whether the new table has the thing of that name, or it isn't one that could be lost.
    pub(super) fn keeps(&self, words: &str) -> bool {
        !self.dropped.contains(words)
    }

    /// Whether there is a column of that name.
    pub(super) fn has_column(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.name == name)
    }

    /// Whether one of the columns has another type than before.
    pub(super) fn retyped<'a>(&self, names: impl IntoIterator<Item = &'a String>) -> bool {
        names.into_iter().any(|name| self.columns.iter().any(|column| column.retyped && column.name == *name))
    }

    /// Whether there is an index of that name to be.
    pub(super) fn has_index(&self, name: &str) -> bool {
        self.indexes.iter().any(|index| index.name == name)
    }

    fn has_index_of(&self, constraint: &Constraint) -> bool {
        self.indexes.iter().any(|index| index.constraint.as_ref() == Some(&constraint.name))
    }
}

/// An index that is there already.
#[derive(Clone, Debug)]
pub(super) struct MadeIndex {
    pub(super) name: String,
    /// Whether a constraint stands on it.
    is_key: bool,
}

fn kind_of<'a>(constraints: &'a [Constraint], index: &Index) -> Option<&'a ConstraintKind> {
    let name = index.constraint.as_ref()?;
    constraints.iter().find(|constraint| constraint.name == *name).map(|constraint| &constraint.kind)
}

impl Constraint {
    /// Whether an index stands behind it.
    fn has_index(&self) -> bool {
        matches!(self.kind, ConstraintKind::Key(_) | ConstraintKind::Exclusion { .. })
    }
}
