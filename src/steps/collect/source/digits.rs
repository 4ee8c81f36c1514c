//! Numbers of JSON that keep every digit.
//!
//! DuckDB takes a number with a point or an exponent for a `double`, whatever its column is. Where the column is text or a
//! decimal, the number is put in quotes on its way, and DuckDB reads what was written.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Columns whose numbers keep every digit. Their names are the same in capitals, as DuckDB's are.
#[derive(Clone, Debug, Default)]
pub(in crate::steps::collect) struct Exact(Arc<[String]>);

impl FromIterator<String> for Exact {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}

impl Exact {
    /// A record, which is an object, with these columns' numbers in quotes.
    pub(super) fn kept<'r>(&self, record: &'r str) -> Cow<'r, str> {
        if self.0.is_empty() {
            return Cow::Borrowed(record);
        }
        let mut reader = serde_json::Deserializer::from_str(record);
        let numbers = reader.deserialize_map(Numbers { record, names: &self.0 }).unwrap_or_default();
        if numbers.is_empty() {
            return Cow::Borrowed(record);
        }
        let mut kept = String::with_capacity(record.len() + 2 * numbers.len());
        let mut done = 0;
        for Range { start, end } in numbers {
            kept.extend([&record[done..start], "\"", &record[start..end], "\""]);
            done = end;
        }
        kept.push_str(&record[done..]);
        Cow::Owned(kept)
    }
}

/// Finds where the numbers stand.
struct Numbers<'a> {
    record: &'a str,
    names: &'a [String],
}

/// A field's name, which borrows from the record unless something in it is escaped.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Visitor<'de> for Numbers<'de> {
    type Value = Vec<Range<usize>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some((name, value)) = fields.next_entry::<Name<'_>, &RawValue>()? {
            let text = value.get();
            let is_number = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
            if is_number
                && text.contains(['.', 'e', 'E'])
                && self.names.iter().any(|known| known.eq_ignore_ascii_case(&name.0))
            {
                // The value's text is a part of the record's.
                let start = text.as_ptr().addr() - self.record.as_ptr().addr();
                found.push(start..start + text.len());
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
        let exact: Exact = ["a".to_owned(), "가".to_owned()].into_iter().collect();
        let record = r#"{"A": 1.10, "b": 1.10, "n": {"a": 1.5}, "\uac00" : -2E5 ,"a":7, "a" :"1.5"}"#;
        let kept = r#"{"A": "1.10", "b": 1.10, "n": {"a": 1.5}, "\uac00" : "-2E5" ,"a":7, "a" :"1.5"}"#;
        assert_eq!(exact.kept(record), kept);
        assert_eq!(Exact::default().kept(record), record);
    }
}
