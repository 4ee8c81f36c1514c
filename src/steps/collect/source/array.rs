//! The records of an array within a document, one window after another.
//!
//! The way to the array is walked byte by byte, its records are found in pieces of memory, and what stands around them is
//! looked at in the end as a document of its own, whose array is empty: it must be right from its first to its last byte.

use std::cell::Cell;
use std::io::{self, BufReader, Cursor, Read};

use super::records::{Lines, RecordsError};
use super::walk::Walk;
use super::window::Window;

/// How much may stand before the array; there are a few fields.
const MOST_BEFORE: usize = 1024 * 1024;

/// How far it went.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// All of the document was right, and its records were taken.
    All,
    /// No record was taken: it is another kind of document, or no array was found.
    Nothing,
}

/// Takes the records of the array at a path. A place that an error of syntax names is not one in the document.
pub(super) fn records(input: impl Read, path: &[String], lines: &mut Lines) -> Result<Done, RecordsError> {
    let mut window = Window::new(input);
    if path.is_empty() && window.peek().map_err(RecordsError::Read)? != Some(b'[') {
        return Ok(Done::Nothing);
    }
    let arrived = Cell::new(false);
    let mut before = Before { window: &mut window, bytes: Vec::new(), arrived: &arrived };
    Walk::new(path, lines).seek(&mut serde_json::Deserializer::from_reader(&mut before), &arrived);
    let before = before.bytes;
    if !arrived.get() {
        return Ok(Done::Nothing);
    }
    let mut is_first = true;
    loop {
        match window.peek().map_err(RecordsError::Read)? {
            Some(b']') => break,
            Some(b',') if !is_first => window.skip(),
            _ if is_first => {}
            _ => return Err(RecordsError::Syntax(serde::de::Error::custom("expected `,` or `]`"))),
        }
        is_first = false;
        window.value(|record| lines.push(record))?;
    }
    let around = BufReader::new(Cursor::new(before).chain(window));
    Walk::new(path, lines).whole(&mut serde_json::Deserializer::from_reader(around))?;
    Ok(Done::All)
}

/// What stands before the array, kept as it is read.
struct Before<'w, R> {
    window: &'w mut Window<R>,
    bytes: Vec<u8>,
    arrived: &'w Cell<bool>,
}

impl<R: Read> Read for Before<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.arrived.get() {
            return Ok(0);
        }
        if self.bytes.len() >= MOST_BEFORE {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let count = self.window.read(into)?;
        self.bytes.extend_from_slice(&into[..count]);
        Ok(count)
    }
}
