//! The columns of a new table: those of the old one, as far as they come, and new ones.
//!
//! Where the old table has a column of that name and type, it stays as it is there. Where the type differs, that of the
//! rows that come wins.

use crate::postgres::columns::Column;
use crate::postgres::ident::{Ident, QualifiedName};

use super::definition::ColumnDefinition;
use super::types::{TypeHere, modifiers};

/// A column of the new table.
#[derive(Clone, Debug)]
pub(super) struct NewColumn {
    pub(super) name: String,
    pub(super) sql_type: String,
    /// Schema and name.
    pub(super) collation: Option<(String, String)>,
    /// Whether it is NOT NULL although the old table has nothing like it.
    pub(super) not_null: bool,
    /// What it keeps of the old table's column.
    pub(super) like: Option<ColumnDefinition>,
    /// Whether its type is another than the old one's, so that it must be seen whether the rest still fits.
    pub(super) retyped: bool,
}

impl NewColumn {
    /// The old column, unchanged.
    pub(super) fn same(old: &ColumnDefinition) -> Self {
        Self {
            name: old.name.clone(),
            sql_type: old.sql_type.clone(),
            collation: old.collation.clone(),
            not_null: false,
            like: Some(old.clone()),
            retyped: false,
        }
    }

    /// Name, type and collation, as CREATE TABLE wants them.
    pub(super) fn bare(&self) -> String {
        let collation = self.collation.as_ref().map_or_else(String::new, |both| format!(" collate {}", full(both)));
        format!("{} {}{collation}", Ident::new(self.name.as_str()), self.sql_type)
    }
}

/// A column that comes.
#[derive(Clone, Debug)]
pub(super) struct Incoming {
    name: String,
    sql_type: String,
    /// The type below, if it is a domain; else the same.
    base_type: String,
    base_oid: Option<u32>,
    collation: Option<(String, String)>,
    collation_known: bool,
    not_null: bool,
}

impl Incoming {
    /// A column of rows from elsewhere.
    pub(super) fn from_source(column: &Column, here: TypeHere) -> Self {
        Self {
            name: column.name.clone(),
            sql_type: column.sql_type.clone(),
            base_type: column.sql_type.clone(),
            base_oid: here.oid,
            collation: column.collation.clone(),
            collation_known: here.collation_known,
            not_null: column.not_null,
        }
    }

    /// A column of a table that has been made here.
    pub(super) fn from_made(column: &ColumnDefinition) -> Self {
        Self {
            name: column.name.clone(),
            sql_type: column.sql_type.clone(),
            base_type: column.base_type.clone(),
            base_oid: Some(column.base_oid),
            collation: column.collation.clone(),
            collation_known: true,
            not_null: column.not_null.is_some(),
        }
    }

    fn is_of_type(&self, old: &ColumnDefinition) -> bool {
        self.base_oid == Some(old.base_oid) && modifiers(&self.base_type) == modifiers(&old.base_type)
    }
}

/// The columns of the new table, and how those that come differ from the old ones, in words.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    pub(super) columns: Vec<NewColumn>,
    pub(super) drift: Vec<String>,
    pub(super) lost: Vec<String>,
}

impl Layout {
    /// The columns that come, made like those of the old table. With `filled` columns that the old table fills by
    /// itself and that don't come stay, and the order is the old table's.
    pub(super) fn compare(old: Option<&[ColumnDefinition]>, incoming: &[Incoming], filled: bool) -> Self {
        let mut compared = Self::default();
        let Some(old) = old else {
            compared.columns = incoming.iter().map(|one| compared_new(one, &mut compared.lost)).collect();
            return compared;
        };
        // A query or view says of no column that it is NOT NULL: then nothing is known.
        let nulls_known = incoming.iter().any(|one| one.not_null);
        let comes = |name: &str| incoming.iter().find(|one| one.name == name);
        for column in old {
            match comes(&column.name) {
                Some(one) => compared.keep(column, one, nulls_known),
                None if filled && fills_itself(column, incoming) => compared.columns.push(NewColumn::same(column)),
                None => compared.drift.push(format!("column `{}` is not in the source and goes", column.name)),
            }
        }
        for one in incoming.iter().filter(|one| !old.iter().any(|column| column.name == one.name)) {
            compared.drift.push(format!("column `{}` ({}) is new", one.name, one.sql_type));
            let new = compared_new(one, &mut compared.lost);
            compared.columns.push(new);
        }
        let retyped: Vec<String> =
            compared.columns.iter().filter(|one| one.retyped).map(|one| one.name.clone()).collect();
        for column in &mut compared.columns {
            let reads = column.like.as_ref().map_or(&[][..], |like| &like.needs);
            column.retyped |= reads.iter().any(|name| retyped.contains(name));
        }
        if !filled {
            let place = |column: &NewColumn| incoming.iter().position(|one| one.name == column.name);
            compared.columns.sort_by_key(place);
        }
        compared
    }

    fn keep(&mut self, old: &ColumnDefinition, incoming: &Incoming, nulls_known: bool) {
        let name = &old.name;
        let mut new = NewColumn::same(old);
        let like = new.like.get_or_insert_with(|| old.clone());
        if like.generated.take().is_some() {
            like.expression = None;
            like.needs.clear();
            self.drift.push(format!("column `{name}` is generated in the table and comes with values of its own"));
        }
        if !incoming.is_of_type(old) {
            self.drift.push(format!("column `{name}` changes from {} to {}", old.sql_type, incoming.sql_type));
            like.storage.clear();
            let bare = compared_new(incoming, &mut self.lost);
            (new.sql_type, new.collation, new.retyped) = (bare.sql_type, bare.collation, true);
        } else if incoming.collation != old.collation {
            let told = |of: &Option<(String, String)>| of.as_ref().map_or_else(|| "the usual one".to_owned(), full);
            let (theirs, ours) = (told(&incoming.collation), told(&old.collation));
            self.drift
                .push(format!("column `{name}` has the collation {theirs} in the source and {ours} in the table"));
        }
        match (incoming.not_null, old.not_null.is_some()) {
            (true, false) => {
                self.drift.push(format!("column `{name}` is NOT NULL in the source and may be null in the table"));
            }
            (false, true) if nulls_known => {
                self.drift.push(format!("column `{name}` may be null in the source and is NOT NULL in the table"));
            }
            _ => {}
        }
        self.columns.push(new);
    }

    /// Whether there is a column of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.name == name)
    }
}

/// A column that the old table doesn't have.
fn compared_new(incoming: &Incoming, lost: &mut Vec<String>) -> NewColumn {
    let mut collation = incoming.collation.clone();
    if let Some(unknown) = collation.take_if(|_| !incoming.collation_known) {
        let name = &incoming.name;
        lost.push(format!("collation {} of column `{name}`, which the target does not have", full(&unknown)));
    }
    NewColumn {
        name: incoming.name.clone(),
        sql_type: incoming.sql_type.clone(),
        collation,
        not_null: incoming.not_null,
        like: None,
        retyped: false,
    }
}

/// Whether a column gets its values from the table itself and from nowhere else, and still can.
fn fills_itself(column: &ColumnDefinition, incoming: &[Incoming]) -> bool {
    let comes = |name: &String| incoming.iter().any(|one| one.name == *name);
    column.identity.is_some() || (column.generated.is_some() && column.needs.iter().all(comes))
}

fn full((schema, name): &(String, String)) -> String {
    QualifiedName { schema: Some(Ident::new(schema.as_str())), name: Ident::new(name.as_str()) }.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn old(name: &str, base_oid: u32, sql_type: &str) -> ColumnDefinition {
        ColumnDefinition {
            name: name.to_owned(),
            sql_type: sql_type.to_owned(),
            base_oid,
            base_type: sql_type.to_owned(),
            ..ColumnDefinition::default()
        }
    }

    fn incoming(columns: &[ColumnDefinition]) -> Vec<Incoming> {
        columns.iter().map(Incoming::from_made).collect()
    }

    #[test]
    fn differences_name_each_column_and_ignore_the_order() {
        let table = [old("나", 25, "text"), old("a", 23, "integer"), old("old", 1082, "date")];
        let shuffled = [table[2].clone(), table[0].clone(), table[1].clone()];
        let same = Layout::compare(Some(&table), &incoming(&shuffled), true);
        assert!(same.drift.is_empty(), "{:?}", same.drift);
        assert_eq!(same.columns.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["나", "a", "old"]);
        let others = [old("a", 20, "bigint"), old("나", 25, "text"), old("x", 1082, "date")];
        let other = Layout::compare(Some(&table), &incoming(&others), true);
        assert_eq!(
            other.drift,
            [
                "column `a` changes from integer to bigint",
                "column `old` is not in the source and goes",
                "column `x` (date) is new",
            ]
        );
        assert_eq!(other.columns.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["나", "a", "x"]);
    }

    #[test]
    fn a_generated_column_stays_while_what_it_reads_comes() {
        let mut generated = old("g", 23, "integer");
        (generated.generated, generated.needs) = (Some("stored".to_owned()), vec!["a".to_owned()]);
        let table = [old("a", 23, "integer"), generated];
        let stays = Layout::compare(Some(&table), &incoming(&table[..1]), true);
        assert!(stays.drift.is_empty() && stays.has("g"));
        let gone = Layout::compare(Some(&table), &incoming(&[old("b", 23, "integer")]), true);
        assert!(!gone.has("g"), "{:?}", gone.drift);
    }
}
