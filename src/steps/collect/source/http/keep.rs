//! The walk of a look: what of a document is kept, counted or passed over.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::look::{Look, Wanted};
use crate::steps::collect::source::walk::pointer_of;

/// How much may stand beside the records where all of it is wanted. Pages have a few fields there.
pub(super) const MOST_BESIDE: usize = 1024 * 1024;

/// What each value beside the records costs, its own text aside.
const NODE: usize = 32;

/// What is to become of a value.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    /// It is the array of records.
    Records,
    /// It is wanted.
    Keep,
    /// Something within it is wanted.
    Pass,
    /// Nothing of it is wanted.
    Skip,
}

/// A walk through a document, and what it has found.
pub(super) struct Walk<'w> {
    wanted: &'w Wanted,
    at: Vec<String>,
    /// What was seen so far, but for the body.
    pub(super) look: Look,
    /// Whether the place of the records was there.
    pub(super) found: bool,
    left: usize,
    /// What is wrong with the document's structure, as opposed to its syntax.
    pub(super) problem: Option<String>,
}

impl<'w> Walk<'w> {
    /// At the beginning of a document.
    pub(super) fn new(wanted: &'w Wanted) -> Self {
        Self { wanted, at: Vec::new(), look: Look::default(), found: false, left: MOST_BESIDE, problem: None }
    }

    /// Walks through a document, and returns what of it was wanted.
    pub(super) fn document<'de, D: Deserializer<'de>>(&mut self, reader: D) -> Result<Option<Value>, D::Error> {
        let role = self.role();
        Here { walk: self, role }.deserialize(reader)
    }

    fn role(&self) -> Role {
        let (at, wanted) = (&self.at, self.wanted);
        if *at == wanted.records {
            Role::Records
        } else if wanted.all || wanted.values.iter().any(|value| at.starts_with(value)) {
            Role::Keep
        } else if wanted.records.starts_with(at) || wanted.values.iter().any(|value| value.starts_with(at)) {
            Role::Pass
        } else {
            Role::Skip
        }
    }

    fn give_up<E: serde::de::Error>(&mut self, problem: String) -> E {
        self.problem = Some(problem);
        E::custom("no page")
    }

    /// Keeps a value, if there is room for it.
    fn keep<E: serde::de::Error>(
        &mut self,
        role: Role,
        size: usize,
        value: impl FnOnce() -> Value,
    ) -> Result<Option<Value>, E> {
        if role == Role::Records && !self.at.is_empty() {
            return Err(self.give_up(format!("`{}` is not an array", pointer_of(&self.at))));
        }
        if role != Role::Keep {
            return Ok(None);
        }
        let Some(left) = self.left.checked_sub(size + NODE) else {
            let message = "bytes stand beside the records; `records` must name their array";
            return Err(self.give_up(format!("more than {MOST_BESIDE} {message}")));
        };
        self.left = left;
        Ok(Some(value()))
    }
}

/// A place of the document.
struct Here<'h, 'w> {
    walk: &'h mut Walk<'w>,
    role: Role,
}

impl<'de> DeserializeSeed<'de> for Here<'_, '_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Option<Value>, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Here<'_, '_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Option<Value>, A::Error> {
        let Self { walk, role } = self;
        if role == Role::Records {
            walk.found = true;
            let (mut digest, mut last) = (Sha256::new(), None);
            while let Some(record) = items.next_element::<Box<RawValue>>()? {
                walk.look.records += 1;
                digest.update(record.get().as_bytes());
                digest.update(b"\n");
                last = walk.wanted.last.then_some(record);
            }
            walk.look.digest = Some(digest.finalize().into());
            let last = last.map(|record| serde_json::from_str(record.get())).transpose().map_err(A::Error::custom)?;
            return Ok(Some(Value::Array(last.into_iter().collect())));
        }
        let mut kept = Vec::new();
        for index in 0_usize.. {
            walk.at.push(index.to_string());
            let role = walk.role();
            let there = if role == Role::Skip {
                items.next_element::<IgnoredAny>()?.map(|_| None)
            } else {
                items.next_element_seed(Here { walk: &mut *walk, role })?
            };
            walk.at.pop();
            match there {
                Some(value) => kept.push(value.unwrap_or_default()),
                None => break,
            }
        }
        // Of an array of which only a part is wanted, the others keep their places.
        if role == Role::Keep { walk.keep(role, 0, || Value::Array(kept)) } else { Ok(Some(Value::Array(kept))) }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Option<Value>, A::Error> {
        let Self { walk, role } = self;
        if role == Role::Records {
            if !walk.at.is_empty() {
                return Err(walk.give_up(format!("`{}` is an object, not an array", pointer_of(&walk.at))));
            }
            // A document that is no array is a single record.
            (walk.found, walk.look.records) = (true, 1);
        }
        let mut kept = serde_json::Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            walk.at.push(name);
            let role = walk.role();
            let value = if role == Role::Skip {
                fields.next_value::<IgnoredAny>()?;
                None
            } else {
                fields.next_value_seed(Here { walk: &mut *walk, role })?
            };
            let name = walk.at.pop().unwrap_or_default();
            if let Some(value) = value {
                kept.insert(name, value);
            }
        }
        if role == Role::Keep {
            let names = kept.keys().map(String::len).sum();
            return walk.keep(role, names, || Value::Object(kept));
        }
        Ok(Some(Value::Object(kept)))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Option<Value>, E> {
        if self.role == Role::Records {
            self.walk.found = true;
            return Ok(Some(Value::Null));
        }
        self.walk.keep(self.role, 0, || Value::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Option<Value>, E> {
        self.walk.keep(self.role, 0, || value.into())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Option<Value>, E> {
        self.walk.keep(self.role, 0, || value.into())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Option<Value>, E> {
        self.walk.keep(self.role, 0, || value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Option<Value>, E> {
        self.walk.keep(self.role, 0, || value.into())
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Option<Value>, E> {
        self.walk.keep(self.role, value.len(), || value.into())
    }
}
