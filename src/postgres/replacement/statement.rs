//! The statements that build the parts of a table, for any name of the table and its parts.

use crate::postgres::ident::Ident;

use super::definition::{Constraint, Identity, Index, NotNull, Statistics};
use super::layout::NewColumn;

/// Adds an index.
pub(super) fn create_index(index: &Index, name: &str, table: &str) -> String {
    let (unique, tablespace) = (if index.unique { "unique " } else { "" }, Ident::new(index.tablespace.as_str()));
    let (name, body, predicate) = (Ident::new(name), &index.body, &index.predicate);
    format!("create {unique}index {name} on {table}{body} tablespace {tablespace}{predicate}")
}

/// An action of ALTER TABLE that makes a unique index a key.
pub(super) fn add_key(constraint: &Constraint, primary: bool, index: &str) -> String {
    let (kind, index) = (if primary { "primary key" } else { "unique" }, Ident::new(index));
    format!("add constraint {index} {kind} using index {index}{}", constraint.deferral)
}

/// An action of ALTER TABLE that adds any other constraint.
pub(super) fn add_constraint(constraint: &Constraint, name: &str, definition: &str, valid: bool) -> String {
    let not_valid = if valid || !constraint.enforced { "" } else { " not valid" };
    format!("add constraint {} {definition}{not_valid}", Ident::new(name))
}

/// Makes extended statistics.
pub(super) fn create_statistics(statistics: &Statistics, name: &str, table: &str) -> String {
    let schema = Ident::new(statistics.schema.as_str());
    format!("create statistics {schema}.{}{} from {table}", Ident::new(name), statistics.body)
}

/// How a column fills itself, as CREATE TABLE says it; nothing if it doesn't.
pub(super) fn filling(column: &NewColumn, sequence: Option<&str>) -> String {
    let Some(like) = &column.like else { return String::new() };
    match (&like.expression, &like.generated, &like.identity, sequence) {
        (Some(expression), Some(kind), ..) => format!(" generated always as ({expression}) {kind}"),
        (Some(expression), None, ..) => format!(" default {expression}"),
        (None, _, Some(identity), Some(sequence)) => format!(" generated {}", identified(identity, sequence)),
        _ => String::new(),
    }
}

/// What stands behind GENERATED for an identity column whose sequence has that full name.
pub(super) fn identified(identity: &Identity, sequence: &str) -> String {
    format!("{} as identity (sequence name {sequence} {})", identity.when, identity.options)
}

/// An action of ALTER TABLE that makes a column NOT NULL.
pub(super) fn add_not_null(column: &str, not_null: &NotNull, valid: bool) -> String {
    let column = Ident::new(column);
    match &not_null.name {
        None => format!("alter column {column} set not null"),
        Some(name) => {
            let inherit = if not_null.no_inherit { " no inherit" } else { "" };
            let valid = if valid { "" } else { " not valid" };
            format!("add constraint {} not null {column}{inherit}{valid}", Ident::new(name.as_str()))
        }
    }
}

/// NOT NULL as CREATE TABLE says it, with a name that suits the table: before PostgreSQL 18 nobody minds it.
pub(super) fn not_null(column: &NewColumn, table: &str) -> String {
    let old = column.like.as_ref().and_then(|like| like.not_null.as_ref());
    let (name, inherit) = match old {
        Some(old) if !old.valid => return String::new(),
        Some(old) => (old.name.clone(), if old.no_inherit { " no inherit" } else { "" }),
        None if column.not_null => (None, ""),
        None => return String::new(),
    };
    let name = name.unwrap_or_else(|| object_name(table, &column.name, "not_null"));
    format!(" constraint {} not null{inherit}", Ident::new(name))
}

/// The longest name that PostgreSQL takes, in bytes.
const LONGEST: usize = 63;

/// A name made of two others and a word, as PostgreSQL makes them: the longer of the two is cut where all is too long.
pub(super) fn object_name(first: &str, second: &str, label: &str) -> String {
    let (mut first, mut second) = (first.to_owned(), second.to_owned());
    while first.len() + second.len() + label.len() + 2 > LONGEST {
        if first.len() > second.len() {
            first.pop()
        } else {
            second.pop()
        };
    }
    format!("{first}_{second}_{label}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_names_fit_and_break_no_character() {
        assert_eq!(object_name("t", "a", "not_null"), "t_a_not_null");
        let long = "가".repeat(21);
        let name = object_name(&long, &long, "not_null");
        assert!(name.len() <= LONGEST && name.ends_with("_not_null"), "{name}");
    }
}
