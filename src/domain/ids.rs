//! Names and identities that must not be mixed up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_id! {
    /// A run. Version 7, so that ids sort by time and indexes stay compact.
    RunId
}

uuid_id! {
    /// One incarnation of a daemon: a new id each start. Every write about a run names its owner.
    DaemonId
}

/// A name in double quotes, quotes inside doubled: an SQL identifier of exactly this text, in PostgreSQL and DuckDB alike.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table's name as a job file gives it: `name` or `schema.name`, each part taken literally.
///
/// A part that itself holds a dot is put in double quotes as in SQL (`"daily.orders"`, a quote inside doubled).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TableName {
    /// The schema, where one was given.
    pub schema: Option<String>,
    /// The table's own name.
    pub name: String,
}

/// Why a text is no table name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableNameError {
    /// A part is empty.
    #[error("a table name must not be empty")]
    Empty,
    /// More than `schema.name`.
    #[error("`{0}` has more than two parts; put a part that holds a dot in double quotes")]
    TooManyParts(String),
    /// An opening quote has no closing one, or text follows it.
    #[error("`{0}` has a double quote that isn't closed")]
    Quote(String),
    /// PostgreSQL would cut the name off silently.
    #[error("`{0}` is longer than 63 bytes, which is PostgreSQL's limit for a name")]
    TooLong(String),
    /// A zero byte can't be in a name.
    #[error("a table name must not hold a zero byte")]
    Zero,
}

impl TableName {
    /// Reads `name`, `schema.name`, or the same with quoted parts.
    pub fn parse(text: &str) -> Result<Self, TableNameError> {
        let mut parts = Vec::new();
        let mut rest = text;
        loop {
            let (part, after) = take_part(rest).ok_or_else(|| TableNameError::Quote(text.to_owned()))?;
            if part.is_empty() {
                return Err(TableNameError::Empty);
            }
            if part.contains('\0') {
                return Err(TableNameError::Zero);
            }
            if part.len() > 63 {
                return Err(TableNameError::TooLong(part));
            }
            parts.push(part);
            match after.strip_prefix('.') {
                Some(more) => rest = more,
                None if after.is_empty() => break,
                None => return Err(TableNameError::Quote(text.to_owned())),
            }
        }
        let mut parts = parts.into_iter().rev();
        match (parts.next(), parts.next(), parts.next()) {
            (Some(name), schema, None) => Ok(Self { schema, name }),
            _ => Err(TableNameError::TooManyParts(text.to_owned())),
        }
    }
}

/// The first part of a dotted name and what follows it; `None` if a quote isn't closed.
fn take_part(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find('.').unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut part = String::new();
    let mut characters = quoted.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' if characters.peek().is_some_and(|(_, next)| *next == '"') => {
                characters.next();
                part.push('"');
            }
            '"' => return Some((part, &quoted[at + 1..])),
            other => part.push(other),
        }
    }
    None
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |text: &str| {
            if text.contains(['.', '"']) { quoted(text) } else { text.to_owned() }
        };
        match &self.schema {
            Some(schema) => write!(f, "{}.{}", part(schema), part(&self.name)),
            None => f.write_str(&part(&self.name)),
        }
    }
}

impl TryFrom<String> for TableName {
    type Error = TableNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<TableName> for String {
    fn from(name: TableName) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_dot_parts_schema_and_name_unless_quoted() {
        assert_eq!(TableName::parse("staging.주문_내역").unwrap().schema.as_deref(), Some("staging"));
        assert_eq!(TableName::parse("\"a.b\"").unwrap().name, "a.b");
        assert_eq!(TableName::parse("Mixed Case").unwrap().name, "Mixed Case");
        assert!(matches!(TableName::parse("a.b.c"), Err(TableNameError::TooManyParts(_))));
        assert!(matches!(TableName::parse("\"a"), Err(TableNameError::Quote(_))));
        assert!(matches!(TableName::parse("a."), Err(TableNameError::Empty)));
        assert!(matches!(TableName::parse(&"가".repeat(22)), Err(TableNameError::TooLong(_))));
    }

    proptest! {
        #[test]
        fn a_name_survives_being_written_and_read(schema in proptest::option::of("[^\0]{1,15}"), name in "[^\0]{1,15}") {
            let table = TableName { schema, name };
            prop_assert_eq!(TableName::parse(&table.to_string()).unwrap(), table);
        }
    }
}
