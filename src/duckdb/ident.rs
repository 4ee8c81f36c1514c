//! DuckDB identifiers and literals, quoted by construction.

pub use crate::domain::ids::quoted;

use crate::domain::ids::TableName;

/// A table's name with its schema, if it has one, each part quoted.
pub fn qualified(table: &TableName) -> String {
    match &table.schema {
        Some(schema) => format!("{}.{}", quoted(schema), quoted(&table.name)),
        None => quoted(&table.name),
    }
}

/// A text as an SQL literal. DuckDB knows no backslash escapes in it.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
