//! Numbers of JSON that keep every digit.
//!
//! DuckDB takes a number with a point or an exponent for a `double`, whatever its column is. Where the column is text or a
//! decimal, the number is put in quotes on its way, and DuckDB reads what was written.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// What a column that is known beforehand is read as, as far as digits are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::steps::collect) enum Kept {
    /// As text.
    Text,
    /// As a decimal.
    Decimal,
    /// As JSON.
    Json,
    /// As something that has no digits to lose, or loses them by its nature.
    Other,
}

/// Columns that are known beforehand. Their names are the same in capitals, as DuckDB's are.
#[derive(Clone, Debug, Default)]
pub(in crate::steps::collect) struct Exact(Arc<HashMap<String, Kept>>);

impl<'n> FromIterator<(&'n str, Kept)> for Exact {
    fn from_iter<I: IntoIterator<Item = (&'n str, Kept)>>(columns: I) -> Self {
        let columns = columns.into_iter().map(|(name, kept)| (name.to_ascii_lowercase(), kept));
        Self(Arc::new(columns.collect()))
    }
}

impl Exact {
    /// What a column is read as; `None` where nothing is known of it.
    pub(super) fn of(&self, name: &str) -> Option<Kept> {
        self.0.get(name).or_else(|| self.0.get(&name.to_ascii_lowercase())).copied()
    }

    /// Whether any column is read as one of these.
    pub(super) fn has(&self, wanted: &[Kept]) -> bool {
        self.0.values().any(|kept| wanted.contains(kept))
    }

    /// A record, which is an object, with the numbers of text and decimals in quotes.
    pub(super) fn kept<'r>(&self, record: &'r str) -> Cow<'r, str> {
        if !self.has(&[Kept::Text, Kept::Decimal]) {
            return Cow::Borrowed(record);
        }
        let is_affected = |name: &str, value: &str| {
            is_number(value)
                && value.contains(['.', 'e', 'E'])
                && matches!(self.of(name), Some(Kept::Text | Kept::Decimal))
        };
        let quoted = |name: &str, value: &str| is_affected(name, value).then(|| format!("\"{value}\""));
        with_values(record, quoted)
    }
}

/// Whether a value of JSON is a number.
pub(super) fn is_number(value: &str) -> bool {
    value.starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

/// A record, which is an object, with other values in those fields for which `change` has one.
pub(super) fn with_values(record: &str, change: impl FnMut(&str, &str) -> Option<String>) -> Cow<'_, str> {
    let mut reader = serde_json::Deserializer::from_str(record);
    let changes = reader.deserialize_map(Changes { record, change }).unwrap_or_default();
    if changes.is_empty() {
        return Cow::Borrowed(record);
    }
    let (mut changed, mut done) = (String::with_capacity(record.len() + 2 * changes.len()), 0);
    for (Range { start, end }, value) in changes {
        changed.extend([&record[done..start], &value]);
        done = end;
    }
    changed.push_str(&record[done..]);
    Cow::Owned(changed)
}

/// Finds the values that change, and where they stand.
struct Changes<'a, F> {
    record: &'a str,
    change: F,
}

/// A field's name, which borrows from the record unless something in it is escaped.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de, F: FnMut(&str, &str) -> Option<String>> Visitor<'de> for Changes<'de, F> {
    type Value = Vec<(Range<usize>, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some((name, value)) = fields.next_entry::<Name<'_>, &RawValue>()? {
            let text = value.get();
            if let Some(changed) = (self.change)(&name.0, text) {
                // The value's text is a part of the record's.
                let start = text.as_ptr().addr() - self.record.as_ptr().addr();
                found.push((start..start + text.len(), changed));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_of_these_columns_are_put_in_quotes() {
        let exact: Exact = [("a", Kept::Text), ("가", Kept::Decimal), ("b", Kept::Json)].into_iter().collect();
        let record = r#"{"A": 1.10, "b": 1.10, "n": {"a": 1.5}, "\uac00" : -2E5 ,"a":7, "a" :"1.5"}"#;
        let kept = r#"{"A": "1.10", "b": 1.10, "n": {"a": 1.5}, "\uac00" : "-2E5" ,"a":7, "a" :"1.5"}"#;
        assert_eq!(exact.kept(record), kept);
        assert_eq!(Exact::default().kept(record), record);
    }
}
