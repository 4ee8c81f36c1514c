//! The records of a JSON document, one per line, as they stand.
//!
//! DuckDB reads a document whose records lie deeper than its top as one value and holds it whole. So the document is
//! walked here with one record in memory, and DuckDB gets the records. Their text is not changed but for line breaks,
//! so that no number loses a digit. On the way the document is checked from its first to its last byte.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::array::{self, Done};
use super::bytes;
use super::depth;
use super::digits::Exact;
use super::fetch::not_as_promised;
use super::nested::Marks;
use super::shapes::Shapes;
use super::walk::{self, Walk};
use super::window::{Unseen, Window};
use crate::domain::failure::Failure;

/// Records on their way to a file, and those among them that show what all look like to another.
pub(super) struct Lines {
    output: BufWriter<Box<dyn Write>>,
    shown: BufWriter<Box<dyn Write>>,
    shapes: Shapes,
    count: u64,
    exact: Exact,
    marks: Marks,
}

/// What was written.
pub(super) struct Written {
    /// How many records.
    pub(super) records: u64,
    /// What stands before texts that are JSON, if there are any.
    pub(super) mark: Option<String>,
}

/// The file with the records that show what those of this file look like.
pub(super) fn shapes_of(records: &Path) -> PathBuf {
    records.with_extension("shapes")
}

impl Lines {
    /// A new file, and that of its shapes.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self::to(Box::new(File::create_new(path)?), Box::new(File::create_new(shapes_of(path))?)))
    }

    /// Nowhere: what is wanted is what is wrong with the records.
    fn nowhere() -> Self {
        Self::to(Box::new(io::sink()), Box::new(io::sink()))
    }

    fn to(output: Box<dyn Write>, shown: Box<dyn Write>) -> Self {
        let (output, shown) = (BufWriter::with_capacity(256 * 1024, output), BufWriter::new(shown));
        Self { output, shown, shapes: Shapes::default(), count: 0, exact: Exact::default(), marks: Marks::new() }
    }

    /// Numbers of these columns keep every digit.
    pub(super) fn with_exact(self, exact: Exact) -> Self {
        Self { exact, ..self }
    }

    /// Writes a record.
    pub(super) fn push(&mut self, record: &RawValue) -> Result<(), RecordsError> {
        let text = record.get();
        self.count += 1;
        if !text.starts_with('{') {
            return Err(RecordsError::NotARecord { number: self.count, kind: walk::kind_of(text) });
        }
        if depth::too_deep(text) {
            return Err(RecordsError::TooDeep(self.count));
        }
        let text = self.exact.kept(text);
        let is_new = self.shapes.is_new(&text);
        let text = self.shapes.told_apart(&text);
        write_line(&self.marks.put(&text, &self.exact), &mut self.output).map_err(RecordsError::Write)?;
        // What a value looks like is seen without a mark.
        if is_new {
            write_line(&text, &mut self.shown).map_err(RecordsError::Write)?;
        }
        Ok(())
    }

    /// Ends the file and says what it holds.
    pub(super) fn finish(mut self) -> io::Result<Written> {
        self.output.flush()?;
        self.shown.flush()?;
        Ok(Written { records: self.count, mark: self.marks.used() })
    }
}

/// Writes a record as one line. Line breaks in it can only stand between its parts, where a space means the same.
fn write_line(record: &str, output: &mut impl Write) -> io::Result<()> {
    let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
    for (number, part) in record.as_bytes().split(is_break).enumerate() {
        if number > 0 {
            output.write_all(b" ")?;
        }
        output.write_all(part)?;
    }
    output.write_all(b"\n")
}

/// Why records can't be had.
#[derive(Debug)]
pub(super) enum RecordsError {
    /// The file can't be read.
    Read(io::Error),
    /// The lines can't be written.
    Write(io::Error),
    /// The text is not JSON.
    Syntax(serde_json::Error),
    /// There are no records where they should be.
    Place(String),
    /// A record is nested too deep.
    TooDeep(u64),
    /// A record is not an object.
    NotARecord { number: u64, kind: &'static str },
}

impl From<Unseen> for RecordsError {
    fn from(unseen: Unseen) -> Self {
        match unseen {
            Unseen::Unread(error) => Self::Read(error),
            Unseen::Invalid(error) => Self::Syntax(error),
        }
    }
}

impl RecordsError {
    /// The failure of reading that file.
    pub(super) fn failure(self, label: &str) -> Failure {
        match self {
            Self::Read(error) => bytes::input(label, &error),
            Self::Write(error) => bytes::disk(&error),
            Self::Syntax(error) if error.is_io() => bytes::input(label, &io::Error::from(error)),
            Self::Syntax(error) if error.is_eof() => {
                not_as_promised(label, format!("the JSON ends before its end ({error})"))
            }
            Self::Syntax(error) => not_as_promised(label, format!("not valid JSON: {error}")),
            Self::Place(what) => not_as_promised(label, what)
                .with_hint("`records` is a JSON pointer to the array of records, for example /data/rows"),
            Self::TooDeep(number) => {
                not_as_promised(label, format!("record {number} is nested more than {} levels deep", depth::DEEPEST))
            }
            Self::NotARecord { number, kind } => {
                not_as_promised(label, format!("record {number} is {kind}, not an object"))
                    .with_hint("each record must be a JSON object; `records` says where the array of records is")
            }
        }
    }
}

/// The records of one document: of the array that `pointer` names, else of the document, which may be a single record.
pub(super) fn of_document<R: Read>(
    open: impl Fn() -> io::Result<R>,
    pointer: Option<&str>,
    lines: &mut Lines,
) -> Result<(), RecordsError> {
    let path = walk::path_of(pointer.unwrap_or_default()).map_err(RecordsError::Place)?;
    let slowly = |lines: &mut Lines| walked(open().map_err(RecordsError::Read)?, &path, lines);
    match array::records(open().map_err(RecordsError::Read)?, &path, lines) {
        Ok(Done::All) => Ok(()),
        Ok(Done::Nothing) => slowly(lines),
        // Once more, only for the words: they say where in the document it is.
        Err(RecordsError::Syntax(error)) => {
            Err(slowly(&mut Lines::nowhere()).err().unwrap_or(RecordsError::Syntax(error)))
        }
        Err(error) => Err(error),
    }
}

/// The same byte by byte, for any document.
fn walked(input: impl Read, path: &[String], lines: &mut Lines) -> Result<(), RecordsError> {
    let mut input = BufReader::with_capacity(256 * 1024, input);
    let first = first_byte(&mut input).map_err(RecordsError::Read)?;
    let mut reader = serde_json::Deserializer::from_reader(input);
    if path.is_empty() && first.is_some_and(|byte| byte != b'[') {
        let record = Box::<RawValue>::deserialize(&mut reader).map_err(RecordsError::Syntax)?;
        reader.end().map_err(RecordsError::Syntax)?;
        return lines.push(&record);
    }
    Walk::new(path, lines).whole(&mut reader)
}

/// The first byte that is no white space, left where it is; `None` at the end.
fn first_byte(input: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        if let Some(at) = buffer.iter().position(|byte| !byte.is_ascii_whitespace()) {
            return Ok(Some(buffer[at]));
        }
        let length = buffer.len();
        input.consume(length);
    }
}

/// The records of a file with one on each line.
pub(super) fn of_lines<R: Read>(open: impl Fn() -> io::Result<R>, lines: &mut Lines) -> Result<(), RecordsError> {
    let mut window = Window::new(open().map_err(RecordsError::Read)?);
    while window.peek().map_err(RecordsError::Read)?.is_some() {
        match window.value(|record| lines.push(record)) {
            Ok(()) => {}
            // Once more, only for the words: they say where in the file it is.
            Err(RecordsError::Syntax(error)) => {
                let slowly = lines_walked(open().map_err(RecordsError::Read)?, &mut Lines::nowhere());
                return Err(slowly.err().unwrap_or(RecordsError::Syntax(error)));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The same byte by byte.
fn lines_walked(input: impl Read, lines: &mut Lines) -> Result<(), RecordsError> {
    let reader = BufReader::with_capacity(256 * 1024, input);
    for record in serde_json::Deserializer::from_reader(reader).into_iter::<Box<RawValue>>() {
        let record = record.map_err(RecordsError::Syntax)?;
        lines.push(&record)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &[u8], pointer: Option<&str>) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let mut lines = Lines::create(&path).unwrap();
        of_document(|| Ok(text), pointer, &mut lines).map_err(|error| error.failure("it").message)?;
        lines.finish().unwrap();
        Ok(std::fs::read_to_string(path).unwrap())
    }

    #[test]
    fn records_are_found_where_the_pointer_says_and_keep_every_digit() {
        let text = r#"{"meta": [1, {"data": 3}], "data": {"a/b": [{"n": 12345678901234567890.10,
            "s": "줄\n바꿈"}, {"n": 1}]}, "after": null}"#;
        assert_eq!(
            records(text.as_bytes(), Some("/data/a~1b")).unwrap(),
            "{\"n\": 12345678901234567890.10,             \"s\": \"줄\\n바꿈\"}\n{\"n\": 1}\n"
        );
        assert_eq!(records(b"[[], [{\"a\":1}]]", Some("/1")).unwrap(), "{\"a\":1}\n");
    }

    #[test]
    fn without_a_pointer_the_document_is_the_records_or_the_record() {
        assert_eq!(records(b" [{\"a\":1},{\"a\":2}] ", None).unwrap(), "{\"a\":1}\n{\"a\":2}\n");
        assert_eq!(records(b"{\"a\":[1]}", None).unwrap(), "{\"a\":[1]}\n");
        assert_eq!(records(b"[]", None).unwrap(), "");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let complaint = |text: &str, pointer: Option<&str>| records(text.as_bytes(), pointer).unwrap_err();
        let missing = complaint(r#"{"data": {"row": [], "total": 0}}"#, Some("/data/rows"));
        assert_eq!(missing, "reading it: there is no `/data/rows`; `/data` has row, total");
        assert_eq!(complaint(r#"{"data": null}"#, Some("/data")), "reading it: `/data` is null, not an array");
        assert_eq!(complaint(r#"{"data": {}}"#, Some("/data")), "reading it: `/data` is an object, not an array");
        assert_eq!(
            complaint(r#"{"data": 3}"#, Some("/data/rows")),
            "reading it: `/data` is a number, it has no `rows`"
        );
        assert_eq!(complaint("[{}, 3]", None), "reading it: record 2 is a number, not an object");
        assert_eq!(complaint("\"text\"", None), "reading it: record 1 is a string, not an object");
        assert!(complaint("[{}]", Some("data")).contains("begins with `/`"));
        assert!(complaint(r#"{"data": [{"a": 1}, {"a""#, Some("/data")).contains("the JSON ends before its end"));
        assert!(complaint("[{}] x", None).contains("not valid JSON: trailing characters at line 1 column 6"));
        assert!(complaint("[{}", None).contains("ends before its end"));
        assert!(records(b"[{\"a\": \"\xff\"}]", None).unwrap_err().contains("not valid JSON"));
    }
}
