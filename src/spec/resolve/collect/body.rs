//! What is common to bodies: their format, their size, where their records are.

use crate::domain::charset::charset_named;
use crate::domain::step::BodyFormat;
use crate::spec::problems::At;
use crate::spec::resolve::resolver::Resolver;

/// Largest body, if the file says nothing else: 1 GiB.
const MAX_BYTES: u64 = 1024 * 1024 * 1024;

impl Resolver<'_, '_> {
    /// Refuses a format that can't be read from a stream.
    pub(super) fn streamed(&mut self, format: BodyFormat, at: At<'_>) {
        if format == BodyFormat::Parquet {
            self.wrong(at.key("format"), "`format: parquet` is for files only", "possible here: json, ndjson, csv");
        }
    }

    /// An encoding's name, as browsers know it.
    pub(super) fn charset(&mut self, given: Option<&String>, at: At<'_>) -> Option<String> {
        let name = given?;
        if charset_named(name).is_none() {
            let hint = "for example utf-8, euc-kr (also for CP949), shift_jis, gb18030, windows-1252";
            self.wrong(at.key("charset"), format!("`{name}` is not a known encoding"), hint);
        }
        Some(name.clone())
    }

    pub(super) fn max_bytes(&mut self, given: Option<u64>, at: At<'_>) -> u64 {
        if given == Some(0) {
            self.wrong(at.key("max_bytes"), "`max_bytes` must be at least 1", "");
        }
        given.unwrap_or(MAX_BYTES)
    }

    pub(super) fn records(&mut self, records: Option<&String>, format: Option<BodyFormat>, at: At<'_>) {
        let Some(pointer) = records else { return };
        if format.is_some_and(|format| format != BodyFormat::Json) {
            self.wrong(at.key("records"), "`records` is for `format: json` only", "");
        } else {
            self.pointer(pointer, at.key("records"));
        }
    }

    /// A JSON pointer is empty or begins with a slash.
    pub(super) fn pointer(&mut self, pointer: &str, at: At<'_>) {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            let hint = format!("a JSON pointer starts with a slash: `/{}`", pointer.replace('.', "/"));
            self.wrong(at, format!("`{pointer}` is not a JSON pointer"), &hint);
        }
    }
}
