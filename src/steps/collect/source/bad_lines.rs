//! Lines of NDJSON that are no records, put aside.
//!
//! Here a record is a line: only so is it known where the next one begins after one that is broken.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use serde_json::json;
use serde_json::value::RawValue;

use super::bytes;
use super::depth::{DEEPEST, too_deep};
use super::fetch::not_as_promised;
use super::records::Lines;
use super::walk::kind_of;
use crate::domain::failure::Failure;

/// The longest line that can be a record: DuckDB reads no larger one.
const LONGEST: usize = 16 * 1024 * 1024;

/// How much of a line is kept.
const KEPT: usize = 4096;

/// Lines that were put aside, on their way to a file with one JSON object for each.
pub(super) struct Rejects {
    output: BufWriter<File>,
    limit: u64,
    count: u64,
}

impl Rejects {
    /// A new file for at most so many.
    pub(super) fn create(path: &Path, limit: u64) -> io::Result<Self> {
        Ok(Self { output: BufWriter::new(File::create_new(path)?), limit, count: 0 })
    }

    fn push(&mut self, label: &str, line: u64, text: &[u8], error: &str) -> Result<(), Failure> {
        self.count += 1;
        if self.count > self.limit {
            return Err(too_many(label, self.limit, line, error));
        }
        // PostgreSQL's text can't hold a zero byte.
        let text = String::from_utf8_lossy(&text[..text.len().min(KEPT)]).replace('\0', "");
        let reject = json!({"file": label, "line": line, "text": text, "error": error});
        writeln!(self.output, "{reject}").map_err(|error| bytes::disk(&error))
    }

    /// Ends the file.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// The failure of one bad row too many.
pub(in crate::steps::collect) fn too_many(label: &str, limit: u64, line: u64, error: &str) -> Failure {
    not_as_promised(label, format!("more than {limit} bad rows, which is their limit; line {line}: {error}"))
        .with_hint("raise `bad_rows.limit` if that many are right")
}

/// The records of a file with one on each line; lines that are none are put aside.
pub(super) fn of_lines(input: impl Read, label: &str, lines: &mut Lines, rejects: &mut Rejects) -> Result<(), Failure> {
    let mut input = BufReader::with_capacity(256 * 1024, input);
    let (mut line, mut number) = (Vec::new(), 0);
    let unreadable = |error: io::Error| bytes::input(label, &error);
    loop {
        line.clear();
        input.by_ref().take(LONGEST as u64).read_until(b'\n', &mut line).map_err(unreadable)?;
        if line.is_empty() {
            return Ok(());
        }
        number += 1;
        if line.len() == LONGEST && line.last() != Some(&b'\n') && skip_line(&mut input).map_err(unreadable)? {
            rejects.push(label, number, &line, "the line is longer than 16 MiB")?;
            continue;
        }
        let text = line.trim_ascii();
        if text.is_empty() {
            continue;
        }
        match record(text) {
            Ok(record) => lines.push(record).map_err(|error| error.failure(label))?,
            Err(error) => rejects.push(label, number, text, &error)?,
        }
    }
}

/// A line as a record, or why it is none.
fn record(line: &[u8]) -> Result<&RawValue, String> {
    let text = std::str::from_utf8(line).map_err(|error| error.to_string())?;
    let record: &RawValue = serde_json::from_str(text).map_err(|error| format!("not valid JSON: {error}"))?;
    match record.get() {
        deep if too_deep(deep) => Err(format!("it has more than {DEEPEST} levels")),
        object if object.starts_with('{') => Ok(record),
        other => Err(format!("it is {}, not an object", kind_of(other))),
    }
}

/// Reads to the end of a line; whether there was anything left of it.
fn skip_line(input: &mut impl BufRead) -> io::Result<bool> {
    let mut skipped = false;
    loop {
        let buffer = input.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let (length, over) = (end.map_or(buffer.len(), |end| end + 1), end.is_some() || buffer.is_empty());
        skipped |= length > 0;
        input.consume(length);
        if over {
            return Ok(skipped);
        }
    }
}
