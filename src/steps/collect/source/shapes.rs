//! The few records among millions that show what all of them look like.
//!
//! DuckDB infers from all records, on one thread and for longer than it takes to read them. What it infers depends only on
//! which names there are, in which order they appear, and what their values look like; so it is given the first record
//! of each name and likeness, and every record that is odd, and infers what it would have from all.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::likeness::{self, Likeness, TEXT};
use super::names;

/// What was seen so far.
#[derive(Default)]
pub(super) struct Shapes {
    names: Vec<Name>,
    /// Where each name stands among them.
    places: HashMap<String, usize>,
    /// Where each name in small letters stands first: DuckDB takes names for the same that differ in capitals.
    firsts: HashMap<String, usize>,
    records: u64,
    /// Whether any name has an alias.
    has_aliases: bool,
    /// What the record at hand has: which name looks like what.
    found: Vec<(usize, Likeness)>,
}

/// A name of a field.
struct Name {
    text: String,
    /// What the field is called instead, where DuckDB would take the name for another one's.
    alias: Option<String>,
    /// What its values look like: one bit for each likeness.
    seen: Likeness,
    /// The place of the first name that is the same in small letters.
    first: usize,
    /// The last record that had such a name.
    record: u64,
}

impl Shapes {
    /// Whether a record, which is an object, shows anything that those before it did not.
    pub(super) fn is_new(&mut self, record: &str) -> bool {
        self.records += 1;
        self.found.clear();
        let mut reader = serde_json::Deserializer::from_str(record);
        let is_odd = reader.deserialize_map(Fields(self)).unwrap_or(true);
        if is_odd {
            // It may be taken otherwise than it looks, so it doesn't stand for others.
            return true;
        }
        let mut is_new = false;
        for (place, likeness) in &self.found {
            let name = &mut self.names[*place];
            is_new |= name.seen & likeness == 0;
            name.seen |= likeness;
        }
        is_new
    }

    /// The place of a name, which is probably the next one.
    fn place(&mut self, name: &str, next: usize) -> usize {
        if self.names.get(next).is_some_and(|known| known.text == name) {
            return next;
        }
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place = self.names.len();
        let first = *self.firsts.entry(name.to_lowercase()).or_insert(place);
        let taken = |first: &Name| first.alias.as_ref().unwrap_or(&first.text).eq_ignore_ascii_case(name);
        let alias = (name.is_empty() || self.names.get(first).is_some_and(taken)).then(|| self.alias(name));
        let first = if let Some(alias) = &alias {
            self.has_aliases = true;
            *self.firsts.entry(alias.to_lowercase()).or_insert(place)
        } else {
            first
        };
        self.names.push(Name { text: name.to_owned(), alias, seen: 0, first, record: 0 });
        self.places.insert(name.to_owned(), place);
        place
    }

    /// A name that nothing else has: as DuckDB would make one.
    fn alias(&self, name: &str) -> String {
        let numbered = |number: usize| match name {
            "" => format!("C{}", self.names.len() + number - 1),
            name => format!("{name}_{number}"),
        };
        let is_free = |alias: &String| !self.firsts.contains_key(&alias.to_lowercase());
        (1..=self.firsts.len() + 1).map(numbered).find(is_free).unwrap_or_default()
    }

    /// The record that was looked at last, with names of fields that DuckDB can tell apart.
    pub(super) fn told_apart<'r>(&self, record: &'r str) -> Cow<'r, str> {
        if !self.has_aliases {
            return Cow::Borrowed(record);
        }
        names::renamed(record, |name| self.places.get(name).and_then(|place| self.names[*place].alias.clone()))
    }

    /// Takes a field of the record at hand; whether it is odd.
    fn take(&mut self, place: usize, value: &str) -> bool {
        let first = self.names[place].first;
        let is_double = std::mem::replace(&mut self.names[first].record, self.records) == self.records;
        // Once a column has such a text, all of its texts are no more than that.
        let is_text = value.starts_with('"') && self.names[place].seen & TEXT != 0;
        let likeness = if is_text { Some(TEXT) } else { likeness::of(value) };
        self.found.extend(likeness.map(|likeness| (place, likeness)));
        is_double || likeness.is_none()
    }
}

/// Looks at the fields of a record; whether any of them is odd.
struct Fields<'s>(&'s mut Shapes);

/// A field's name, which borrows from the record unless something in it is escaped.
#[derive(Deserialize)]
struct FieldName<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<bool, A::Error> {
        let (mut is_odd, mut next) = (false, 0);
        while let Some((name, value)) = fields.next_entry::<FieldName<'_>, &RawValue>()? {
            let place = self.0.place(&name.0, next);
            next = place + 1;
            is_odd |= self.0.take(place, value.get());
        }
        Ok(is_odd)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_new_if_a_name_or_a_likeness_is() {
        let mut shapes = Shapes::default();
        let mut is_new = |record: &str| shapes.is_new(record);
        assert!(is_new(r#"{"a": 1, "b": "x"}"#));
        assert!(!is_new(r#"{"a": 2, "b": "y"}"#));
        assert!(!is_new(r#"{"b": "z"}"#));
        assert!(is_new(r#"{"b": null}"#));
        assert!(is_new(r#"{"a": 1, "c": "2026-01-02"}"#));
        assert!(!is_new(r#"{"c": "2026-01-03"}"#));
        assert!(is_new(r#"{"c": "2026-02-30"}"#));
        assert!(!is_new(r#"{"b": "2026-02-30", "a": 3}"#), "a text among texts");
    }

    #[test]
    fn a_record_with_a_name_twice_stands_for_no_other() {
        let mut shapes = Shapes::default();
        let mut is_new = |record: &str| shapes.is_new(record);
        for _ in 0..2 {
            assert!(is_new(r#"{"a": 1, "a": 1}"#));
        }
        assert!(is_new(r#"{"a": "x"}"#));
        assert!(!is_new(r#"{"a": "x"}"#));
    }

    #[test]
    fn names_that_differ_in_capitals_are_told_apart() {
        let mut shapes = Shapes::default();
        let record = r#"{"a": 1, "A_1": 2, "A": 3, "aA": 4, "": 5}"#;
        assert!(shapes.is_new(record));
        assert_eq!(shapes.told_apart(record), r#"{"a": 1, "A_1": 2, "A_2": 3, "aA": 4, "C4": 5}"#);
        let record = r#"{"a_2": 1, "A": 2}"#;
        assert!(shapes.is_new(record));
        assert_eq!(shapes.told_apart(record), r#"{"a_2_1": 1, "A_2": 2}"#);
        assert!(!shapes.is_new(record));
    }
}
