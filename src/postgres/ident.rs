//! SQL identifiers and literals, quoted by construction.

use std::fmt;

use crate::domain::ids::{TableName, quoted};

/// An identifier; displays itself quoted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ident(String);

impl Ident {
    /// The identifier of exactly this text.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The text, unquoted.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(&self.0))
    }
}

/// A table's name with its schema, displayed quoted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QualifiedName {
    /// The schema, if given; else the server looks along its search path.
    pub schema: Option<Ident>,
    /// The name.
    pub name: Ident,
}

impl From<&TableName> for QualifiedName {
    fn from(table: &TableName) -> Self {
        Self { schema: table.schema.as_deref().map(Ident::new), name: Ident::new(table.name.as_str()) }
    }
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => self.name.fmt(f),
        }
    }
}

/// A text as an SQL literal, right whatever `standard_conforming_strings` says.
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}
