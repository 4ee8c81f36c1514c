//! A look through an answer: how many records it has, and what stands beside them.
//!
//! The answer is read once from its first to its last byte with one record in memory. What stands beside the records is
//! kept only where somebody asked for it, and then up to a limit.

use std::fmt;
use std::io::{BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::steps::collect::source::records::RecordsError;

/// How much may stand beside the records where all of it is wanted. Pages have a few fields there.
const MOST_BESIDE: usize = 1024 * 1024;

/// What each value beside the records costs, its own text aside.
const NODE: usize = 32;

/// What is wanted of an answer.
pub(super) struct Wanted {
    /// Where the records are; empty: the document itself.
    pub(super) records: Vec<String>,
    /// Values that are wanted.
    pub(super) values: Vec<Vec<String>>,
    /// Whether everything but the records is wanted.
    pub(super) all: bool,
    /// Whether the last record is wanted; it stands in place of all of them then.
    pub(super) last: bool,
}

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// How many records there are.
    pub(super) records: u64,
    /// A digest of the records, where there are several.
    pub(super) digest: Option<[u8; 32]>,
    /// What of the document was wanted, without the records.
    pub(super) body: Value,
    /// What is wrong, where there are no records because their place isn't there.
    pub(super) missing: Option<String>,
}

/// Looks through a JSON document.
pub(super) fn of_document(input: impl Read, wanted: &Wanted) -> Result<Look, RecordsError> {
    let mut walk =
        Walk { wanted, at: Vec::new(), look: Look::default(), found: false, left: MOST_BESIDE, problem: None };
    let mut reader = serde_json::Deserializer::from_reader(BufReader::with_capacity(256 * 1024, input));
    let role = walk.role();
    let walked = Here { walk: &mut walk, role }.deserialize(&mut reader);
    let walked = walked.and_then(|body| reader.end().map(|()| body));
    match (walk.problem.take(), walked) {
        (Some(problem), _) => Err(RecordsError::Place(problem)),
        (None, Err(error)) => Err(RecordsError::Syntax(error)),
        (None, Ok(body)) => {
            let missing = (!walk.found).then(|| format!("there is no `{}` on this page", shown(&wanted.records)));
            Ok(Look { body: body.unwrap_or_default(), missing, ..walk.look })
        }
    }
}

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

struct Walk<'w> {
    wanted: &'w Wanted,
    at: Vec<String>,
    look: Look,
    found: bool,
    left: usize,
    problem: Option<String>,
}

impl Walk<'_> {
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
            return Err(self.give_up(format!("`{}` is not an array", shown(&self.at))));
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
                return Err(walk.give_up(format!("`{}` is an object, not an array", shown(&walk.at))));
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

/// A path as a JSON pointer.
fn shown(path: &[String]) -> String {
    path.iter().fold(String::new(), |all, part| format!("{all}/{}", part.replace('~', "~0").replace('/', "~1")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(pointer: &str) -> Vec<String> {
        pointer.split('/').skip(1).map(ToOwned::to_owned).collect()
    }

    fn look(text: &str, records: &str, values: &[&str], all: bool) -> Result<Look, String> {
        let last = values.iter().any(|value| value.contains("/0/"));
        let values = values.iter().map(|value| parts(value)).collect();
        let wanted = Wanted { records: parts(records), values, all, last };
        of_document(text.as_bytes(), &wanted).map_err(|error| error.failure("it").message)
    }

    const PAGE: &str =
        r#"{"meta": {"next": "c2", "big": [1, 2], "pages": 3}, "data": [{"a": 1}, {"a": 2}], "x": ["y", {"z": null}]}"#;

    #[test]
    fn records_are_counted_and_only_what_is_wanted_is_kept() {
        let seen = look(PAGE, "/data", &["/meta/next", "/x/1/z"], false).unwrap();
        assert_eq!(seen.records, 2);
        assert_eq!(seen.body.to_string(), r#"{"meta":{"next":"c2"},"data":[],"x":[null,{"z":null}]}"#);
        let all = look(PAGE, "/data", &[], true).unwrap();
        assert_eq!(all.body.to_string(), PAGE.replace(r#"{"a": 1}, {"a": 2}"#, "").replace(' ', ""));
        assert_eq!(look("[{\"a\": 1}]", "", &[], true).unwrap().records, 1);
        assert_eq!(look(PAGE, "/data", &["/data/0/a"], false).unwrap().body["data"].to_string(), r#"[{"a":2}]"#);
        assert_eq!(look("{\"a\": [1, 2]}", "", &["/a/1"], false).unwrap().body["a"][1], 2);
        assert_eq!(look("{\"data\": null}", "/data", &[], false).unwrap().records, 0);
    }

    #[test]
    fn the_digest_is_that_of_the_records_alone() {
        let digest = |text: &str| look(text, "/data", &[], false).unwrap().digest;
        assert_eq!(digest(r#"{"at": 1, "data": [{"a":1}]}"#), digest(r#"{"at": 2, "data": [{"a":1}]}"#));
        assert_ne!(digest(r#"{"data": [{"a":1}]}"#), digest(r#"{"data": [{"a":2}]}"#));
    }

    #[test]
    fn what_is_no_page_is_told() {
        let complaint = |text: &str, all: bool| look(text, "/data", &[], all).unwrap_err();
        let error = look("{\"error\": \"slow down\"}", "/data", &["/error"], false).unwrap();
        assert_eq!(
            (error.missing.as_deref(), &error.body["error"]),
            (Some("there is no `/data` on this page"), &"slow down".into())
        );
        assert!(complaint("{\"data\": {}}", false).contains("`/data` is an object, not an array"));
        assert!(complaint("{\"data\": 3}", false).contains("`/data` is not an array"));
        assert!(complaint("{\"data\": [", false).contains("ends before its end"));
        assert!(
            complaint(&format!("{{\"data\": [], \"x\": \"{}\"}}", "y".repeat(MOST_BESIDE)), true)
                .contains("beside the records")
        );
    }
}
