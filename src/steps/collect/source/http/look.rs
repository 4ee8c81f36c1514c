//! A look through an answer: how many records it has, and what stands beside them.
//!
//! The answer is read once from its first to its last byte with one record in memory. What stands beside the records is
//! kept only where somebody asked for it, and then up to a limit.

use std::io::{BufReader, Read};

use serde_json::Value;

use super::keep::Walk;
use crate::steps::collect::source::records::RecordsError;
use crate::steps::collect::source::walk::pointer_of;

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
    let mut walk = Walk::new(wanted);
    let mut reader = serde_json::Deserializer::from_reader(BufReader::with_capacity(256 * 1024, input));
    let walked = walk.document(&mut reader);
    let walked = walked.and_then(|body| reader.end().map(|()| body));
    match (walk.problem.take(), walked) {
        (Some(problem), _) => Err(RecordsError::Place(problem)),
        (None, Err(error)) => Err(RecordsError::Syntax(error)),
        (None, Ok(body)) => {
            let missing = (!walk.found).then(|| format!("there is no `{}` on this page", pointer_of(&wanted.records)));
            Ok(Look { body: body.unwrap_or_default(), missing, ..walk.look })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::collect::source::http::keep::MOST_BESIDE;

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
