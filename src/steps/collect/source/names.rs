//! Names of fields that can't be names of columns beside each other.
//!
//! DuckDB takes names for the same that differ in capitals, and gives the second of them another one, as it does with an
//! empty name. Told the columns, it then finds nothing by that name. So the fields get these names on their way.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A record, which is an object, with other names for those fields for which `rename` has one.
pub(super) fn renamed(record: &str, rename: impl Fn(&str) -> Option<String>) -> Cow<'_, str> {
    let mut reader = serde_json::Deserializer::from_str(record);
    let names = reader.deserialize_map(Names { record, rename }).unwrap_or_default();
    let (mut renamed, mut done) = (String::new(), 0);
    for (Range { start, end }, name) in names {
        renamed.extend([&record[done..start], &name]);
        done = end;
    }
    if done == 0 {
        return Cow::Borrowed(record);
    }
    renamed.push_str(&record[done..]);
    Cow::Owned(renamed)
}

/// Finds the names that change, and where they stand.
struct Names<'a, F> {
    record: &'a str,
    rename: F,
}

impl<'de, F: Fn(&str) -> Option<String>> Visitor<'de> for Names<'de, F> {
    /// Places in the record, and the names as they are to stand there.
    type Value = Vec<(Range<usize>, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some((name, _)) = fields.next_entry::<&RawValue, &RawValue>()? {
            let written = name.get();
            let name: String = serde_json::from_str(written).map_err(serde::de::Error::custom)?;
            if let Some(other) = (self.rename)(&name).and_then(|other| serde_json::to_string(&other).ok()) {
                // The name's text is a part of the record's.
                let start = written.as_ptr().addr() - self.record.as_ptr().addr();
                found.push((start..start + written.len(), other));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_fields_change() {
        let rename = |name: &str| (name == "A").then(|| "A_1".to_owned());
        let record = r#"{"a": "A", "A" :{"A": 1}, "\u0041":2}"#;
        assert_eq!(renamed(record, rename), r#"{"a": "A", "A_1" :{"A": 1}, "A_1":2}"#);
        assert_eq!(renamed(record, |_| None), record);
    }
}
