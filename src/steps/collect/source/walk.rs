//! A walk through a JSON document along a pointer (RFC 6901), to the array at its end.

use std::cell::Cell;
use std::fmt;
use std::io::Read;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::de::IoRead;
use serde_json::value::RawValue;

use super::records::{Lines, RecordsError};

/// How many names an object shows when the one that was looked for isn't there.
const SHOWN_NAMES: usize = 12;

/// The parts of a pointer.
pub(super) fn path_of(pointer: &str) -> Result<Vec<String>, String> {
    match pointer.strip_prefix('/') {
        None if pointer.is_empty() => Ok(Vec::new()),
        None => Err(format!("`{pointer}` is not a JSON pointer: one begins with `/`")),
        Some(rest) => Ok(rest.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect()),
    }
}

/// The pointer of these parts.
pub(super) fn pointer_of(path: &[String]) -> String {
    path.iter().fold(String::new(), |all, part| format!("{all}/{}", part.replace('~', "~0").replace('/', "~1")))
}

/// What kind of value a JSON text is, in words.
pub(super) fn kind_of(text: &str) -> &'static str {
    match text.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// The walk, and where its finds go.
pub(super) struct Walk<'a> {
    path: &'a [String],
    depth: usize,
    lines: &'a mut Lines,
    problem: Option<RecordsError>,
    /// Where the walk is only to the beginning of the array: whether it is there.
    arrived: Option<&'a Cell<bool>>,
}

impl<'a> Walk<'a> {
    pub(super) const fn new(path: &'a [String], lines: &'a mut Lines) -> Self {
        Self { path, depth: 0, lines, problem: None, arrived: None }
    }

    /// Walks only as far as the first byte of the array, and says when it is there. Then the input must end for the
    /// reader, which looks for the array's end by itself.
    pub(super) fn seek<'de, D: Deserializer<'de>>(mut self, reader: D, arrived: &'a Cell<bool>) {
        self.arrived = Some(arrived);
        // It ends by an error in any case: a document isn't over where its array begins.
        self.document(reader).ok();
    }

    /// Walks through a document, behind which nothing may stand.
    pub(super) fn whole<R: Read>(
        mut self,
        reader: &mut serde_json::Deserializer<IoRead<R>>,
    ) -> Result<(), RecordsError> {
        let walked = self.document(&mut *reader).and_then(|()| reader.end());
        // What is wrong with the document's structure, as opposed to its syntax.
        self.problem.map_or_else(|| walked.map_err(RecordsError::Syntax), Err)
    }

    fn document<'de, D: Deserializer<'de>>(&mut self, reader: D) -> Result<(), D::Error> {
        self.deserialize(reader)
    }

    /// The pointer as far as it has been followed.
    fn here(&self) -> String {
        pointer_of(&self.path[..self.depth])
    }

    fn give_up<E: serde::de::Error>(&mut self, problem: RecordsError) -> E {
        self.problem = Some(problem);
        E::custom("no records")
    }

    /// A value is found that is neither array nor object.
    fn dead_end<E: serde::de::Error>(&mut self, kind: &str) -> E {
        let problem = match self.path.get(self.depth) {
            None => format!("`{}` is {kind}, not an array", self.here()),
            Some(next) => format!("`{}` is {kind}, it has no `{next}`", self.here()),
        };
        self.give_up(RecordsError::Place(problem))
    }

    fn record<E: serde::de::Error>(&mut self, record: &RawValue) -> Result<(), E> {
        self.lines.push(record).map_err(|problem| self.give_up(problem))
    }
}

impl<'de> DeserializeSeed<'de> for &mut Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some(part) = self.path.get(self.depth) else {
            if let Some(arrived) = self.arrived {
                arrived.set(true);
                return Err(serde::de::Error::custom("the array begins"));
            }
            while let Some(record) = items.next_element::<Box<RawValue>>()? {
                self.record(&record)?;
            }
            return Ok(());
        };
        let wanted: Option<usize> = part.parse().ok();
        let mut count = 0;
        let mut found = false;
        loop {
            if wanted == Some(count) {
                self.depth += 1;
                found = items.next_element_seed(&mut *self)?.is_some();
                self.depth -= 1;
                if !found {
                    break;
                }
            } else if items.next_element::<IgnoredAny>()?.is_none() {
                break;
            }
            count += 1;
        }
        if found {
            return Ok(());
        }
        let problem = format!("there is no `{}/{part}`; `{}` is an array of {count}", self.here(), self.here());
        Err(self.give_up(RecordsError::Place(problem)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let Some(part) = self.path.get(self.depth) else {
            return Err(self.dead_end("an object"));
        };
        let mut found = false;
        let mut names = Vec::new();
        while let Some(name) = fields.next_key::<String>()? {
            if name == *part {
                self.depth += 1;
                fields.next_value_seed(&mut *self)?;
                self.depth -= 1;
                found = true;
                continue;
            }
            fields.next_value::<IgnoredAny>()?;
            if names.len() < SHOWN_NAMES {
                names.push(name);
            }
        }
        if found {
            return Ok(());
        }
        let has = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        let here = self.here();
        let place = if here.is_empty() { "the document".to_owned() } else { format!("`{here}`") };
        Err(self.give_up(RecordsError::Place(format!("there is no `{here}/{part}`; {place} has {has}"))))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Err(self.dead_end("null"))
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        Err(self.dead_end("a boolean"))
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        Err(self.dead_end("a number"))
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        Err(self.dead_end("a number"))
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        Err(self.dead_end("a number"))
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        Err(self.dead_end("a string"))
    }
}
