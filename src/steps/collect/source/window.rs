//! A file seen through a window that moves along: one value of JSON after another, whole, without holding more than one.
//!
//! A value is found in a piece of memory in less time than byte by byte in a stream.

use std::io::{self, Read};

use serde_json::value::RawValue;

/// Size of the window; it grows to that of a value that is larger.
const SIZE: usize = 1024 * 1024;

/// Bytes that were read and not yet used up.
pub(super) struct Window<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    at_end: bool,
}

impl<R: Read> Window<R> {
    /// At the beginning of the input.
    pub(super) fn new(input: R) -> Self {
        Self { input, buffer: Vec::with_capacity(SIZE), start: 0, at_end: false }
    }

    /// The next byte that is no white space, left where it is; `None` at the end.
    pub(super) fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            let rest = &self.buffer[self.start..];
            if let Some(at) = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
                self.start += at;
                return Ok(Some(self.buffer[self.start]));
            }
            self.start = self.buffer.len();
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Goes past a byte that was peeked at.
    pub(super) const fn skip(&mut self) {
        self.start += 1;
    }

    /// Hands the next value to `take`.
    pub(super) fn value<E: From<Unseen>>(&mut self, take: impl FnOnce(&RawValue) -> Result<(), E>) -> Result<(), E> {
        let mut wrong_at = None;
        loop {
            let mut values = serde_json::Deserializer::from_slice(&self.buffer[self.start..]).into_iter::<&RawValue>();
            let error = match values.next() {
                Some(Ok(value)) => {
                    take(value)?;
                    self.start += values.byte_offset();
                    return Ok(());
                }
                Some(Err(error)) => error,
                None => serde::de::Error::custom("a value is missing"),
            };
            // A number that the window cuts off may look wrong; what is wrong still is with more to be seen.
            let at = Some((error.line(), error.column()));
            let is_wrong = !error.is_eof() && wrong_at == at;
            wrong_at = at;
            if is_wrong || !self.fill().map_err(Unseen::Unread)? {
                return Err(Unseen::Invalid(error).into());
            }
        }
    }

    /// Reads on; whether there was more.
    fn fill(&mut self) -> io::Result<bool> {
        if self.at_end {
            return Ok(false);
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        let more = SIZE.max(self.buffer.len()) as u64;
        self.at_end = self.input.by_ref().take(more).read_to_end(&mut self.buffer)? == 0;
        Ok(!self.at_end)
    }
}

/// Why there is no value.
#[derive(Debug)]
pub(super) enum Unseen {
    /// The input can't be read.
    Unread(io::Error),
    /// It is no JSON, or not all of it is there. The place that the error names is one in the window.
    Invalid(serde_json::Error),
}

/// What isn't used up yet, byte by byte.
impl<R: Read> Read for Window<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.start == self.buffer.len() && !self.fill()? {
            return Ok(0);
        }
        let count = into.len().min(self.buffer.len() - self.start);
        into[..count].copy_from_slice(&self.buffer[self.start..self.start + count]);
        self.start += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_whole_wherever_the_window_cuts_it() {
        let record = r#"{"a": -0.25e-7, "b": "\u00e9 가", "c": [true, null]}"#;
        // One window ends at each byte of the record.
        for before in SIZE - record.len() - 2..=SIZE {
            let text = format!("{}{record}", " ".repeat(before));
            let mut window = Window::new(text.as_bytes());
            let mut seen = String::new();
            assert_eq!(window.peek().unwrap(), Some(b'{'));
            let taken = window.value::<Unseen>(|value| {
                seen.push_str(value.get());
                Ok(())
            });
            assert!(taken.is_ok() && seen == record, "{before}: {taken:?}");
            assert_eq!(window.peek().unwrap(), None);
        }
    }

    #[test]
    fn what_is_wrong_stays_wrong() {
        for text in ["{\"a\": 0.}", "{\"a\": 1", "tru", "{\"a\" 1}"] {
            let mut window = Window::new(text.as_bytes());
            assert!(window.value::<Unseen>(|_| Ok(())).is_err(), "{text}");
        }
    }
}
