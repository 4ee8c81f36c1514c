//! What tables are made of, as the catalogue has it: the part that a new table must be built with before its rows
//! become visible.
//!
//! Two definitions are equal if a table that is built by one is right for the other; numbers that change when nothing
//! else does are not part of them.

use std::collections::BTreeMap;

use tokio_postgres::Row;

use crate::postgres::error::PgError;
use crate::postgres::ident::Ident;
use crate::postgres::session::Session;

/// A table's definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Definition {
    pub(super) columns: Vec<ColumnDefinition>,
    pub(super) constraints: Vec<Constraint>,
    pub(super) indexes: Vec<Index>,
    pub(super) statistics: Vec<Statistics>,
}

impl Definition {
    /// The foreign keys: quoted name and where each leads.
    pub(super) fn references(&self) -> impl Iterator<Item = (Ident, &Reference)> {
        self.constraints.iter().filter_map(|constraint| match &constraint.kind {
            ConstraintKind::ForeignKey(reference) => Some((Ident::new(constraint.name.as_str()), reference)),
            _ => None,
        })
    }
}

/// A column. What comes from the catalogue as SQL is quoted already; names are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ColumnDefinition {
    pub(super) name: String,
    /// The type, with its schema where it isn't PostgreSQL's own.
    pub(super) sql_type: String,
    /// The type below, if it is a domain; else the same.
    pub(super) base_oid: u32,
    pub(super) base_type: String,
    /// Schema and name of the collation, where it isn't the type's own.
    pub(super) collation: Option<(String, String)>,
    pub(super) not_null: Option<NotNull>,
    /// The default, or what the column is generated from.
    pub(super) expression: Option<String>,
    /// `stored` or `virtual`.
    pub(super) generated: Option<String>,
    pub(super) identity: Option<Identity>,
    /// Other columns that the expression reads.
    pub(super) needs: Vec<String>,
    /// Actions of ALTER COLUMN that go with the type.
    pub(super) storage: Vec<String>,
    /// Actions of ALTER COLUMN that go with any type.
    pub(super) settings: Vec<String>,
}

/// That a column is NOT NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotNull {
    /// The constraint's name, from PostgreSQL 18 on.
    pub(super) name: Option<String>,
    pub(super) no_inherit: bool,
    pub(super) valid: bool,
}

/// That a column counts by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// `always` or `by default`.
    pub(super) when: String,
    /// The name of its sequence, in the table's schema.
    pub(super) sequence: String,
    /// The sequence's options.
    pub(super) options: String,
}

/// A constraint other than NOT NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Constraint {
    pub(super) name: String,
    /// For people, and to find it again: `constraint "positive"`.
    pub(super) words: String,
    pub(super) kind: ConstraintKind,
    /// What stands behind the name in ADD CONSTRAINT, without NOT VALID.
    pub(super) definition: String,
    pub(super) needs: Vec<String>,
    pub(super) whole_row: bool,
    pub(super) valid: bool,
    pub(super) enforced: bool,
    /// `deferrable initially deferred`, with a blank before it, or nothing.
    pub(super) deferral: String,
}

/// What kind of constraint it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ConstraintKind {
    Check,
    /// A primary key (`true`) or unique constraint on an index that is built beforehand.
    Key(bool),
    /// One that makes its index itself.
    Exclusion {
        index: String,
    },
    ForeignKey(Reference),
}

/// Where a foreign key leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) oid: u32,
    /// The full name, quoted.
    pub(super) table: String,
    /// The definition up to the name.
    pub(super) head: String,
    /// The definition from behind the name.
    pub(super) tail: String,
    /// The unique index that it leads to.
    pub(super) index: Option<String>,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) name: String,
    /// For people, and to find it again: `index "fast"`.
    pub(super) words: String,
    pub(super) unique: bool,
    pub(super) valid: bool,
    /// The definition from behind the table's name up to the predicate.
    pub(super) body: String,
    /// ` WHERE …`, or nothing.
    pub(super) predicate: String,
    pub(super) tablespace: String,
    pub(super) needs: Vec<String>,
    pub(super) whole_row: bool,
    /// Actions of ALTER INDEX.
    pub(super) settings: Vec<String>,
    /// The constraint that it belongs to.
    pub(super) constraint: Option<String>,
    /// Whether that constraint makes it itself.
    pub(super) made_by_constraint: bool,
}

/// Extended statistics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statistics {
    pub(super) schema: String,
    pub(super) name: String,
    /// For people, and to find them again: `statistics s."both"`.
    pub(super) words: String,
    /// What stands between the name and FROM.
    pub(super) body: String,
    pub(super) target: Option<i32>,
    pub(super) needs: Vec<String>,
}

/// Reads the definitions of tables, by their numbers. Names come with their schema if the search path is empty.
pub(super) async fn read(session: &Session, tables: &[u32], doing: &str) -> Result<BTreeMap<u32, Definition>, PgError> {
    let mut read: BTreeMap<u32, Definition> = BTreeMap::new();
    if tables.is_empty() {
        return Ok(read);
    }
    for row in session.query(include_str!("sql/columns.sql"), &[&tables], doing).await? {
        read.entry(row.get(0)).or_default().columns.push(column(&row));
    }
    for row in session.query(include_str!("sql/constraints.sql"), &[&tables], doing).await? {
        read.entry(row.get(0)).or_default().constraints.push(constraint(&row));
    }
    for row in session.query(include_str!("sql/indexes.sql"), &[&tables], doing).await? {
        read.entry(row.get(0)).or_default().indexes.push(index(&row));
    }
    for row in session.query(include_str!("sql/statistics.sql"), &[&tables], doing).await? {
        read.entry(row.get(0)).or_default().statistics.push(statistics(&row));
    }
    Ok(read)
}

fn column(row: &Row) -> ColumnDefinition {
    let collation: Option<Vec<String>> = row.get(5);
    let identity: Option<String> = row.get(12);
    let not_null: bool = row.get(6);
    ColumnDefinition {
        name: row.get(1),
        sql_type: row.get(2),
        base_oid: row.get(3),
        base_type: row.get(4),
        collation: collation.and_then(|parts| <[String; 2]>::try_from(parts).ok()).map(Into::into),
        not_null: not_null.then(|| NotNull { name: row.get(7), no_inherit: row.get(8), valid: row.get(9) }),
        expression: row.get(10),
        generated: row.get(11),
        identity: identity.map(|when| Identity { when, sequence: row.get(16), options: row.get(17) }),
        needs: row.get(13),
        storage: row.get(14),
        settings: row.get(15),
    }
}

fn constraint(row: &Row) -> Constraint {
    let letter: String = row.get(3);
    let own_index: Option<String> = row.get(10);
    let kind = match (letter.as_str(), own_index) {
        (_, Some(index)) => ConstraintKind::Exclusion { index },
        ("p" | "u", None) => ConstraintKind::Key(letter == "p"),
        ("f", None) => ConstraintKind::ForeignKey(Reference {
            oid: row.get(11),
            table: row.get(12),
            head: row.get(13),
            tail: row.get(14),
            index: row.get(15),
        }),
        _ => ConstraintKind::Check,
    };
    Constraint {
        name: row.get(1),
        words: row.get(2),
        kind,
        definition: row.get(4),
        needs: row.get(5),
        whole_row: row.get(6),
        valid: row.get(7),
        enforced: row.get(8),
        deferral: row.get(9),
    }
}

fn index(row: &Row) -> Index {
    Index {
        name: row.get(1),
        words: row.get(2),
        unique: row.get(3),
        valid: row.get(4),
        body: row.get(5),
        predicate: row.get(6),
        tablespace: row.get(7),
        needs: row.get(8),
        whole_row: row.get(9),
        settings: row.get(10),
        constraint: row.get(11),
        made_by_constraint: row.get(12),
    }
}

fn statistics(row: &Row) -> Statistics {
    Statistics {
        schema: row.get(1),
        name: row.get(2),
        words: row.get(3),
        body: row.get(4),
        target: row.get(5),
        needs: row.get(6),
    }
}
