//! What is known of a page once it has been looked through, whatever its format.

use std::io::{self, BufReader, Read};
use std::path::Path;

use encoding_rs::Encoding;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::look::{self, Look, Wanted};
use crate::domain::failure::Failure;
use crate::domain::step::BodyFormat;
use crate::steps::collect::source::bytes::{self, Plain};
use crate::steps::collect::source::records::RecordsError;

/// How much of a page without structure is read at once.
const BUFFER: usize = 64 * 1024;

/// A look through a page that is on the disk, and its size once unpacked.
pub(super) fn page(
    path: &Path,
    label: &str,
    (charset, format): (Option<&'static Encoding>, BodyFormat),
    max_bytes: u64,
    wanted: &Wanted,
    stopped: &dyn Fn() -> bool,
) -> Result<(Look, u64), Failure> {
    let plain = Plain::open(path, charset, Some(max_bytes), stopped).map_err(|error| bytes::input(label, &error))?;
    let mut counted = Counted { inner: plain, bytes: 0 };
    let look = match format {
        BodyFormat::Json => look::of_document(&mut counted, wanted),
        BodyFormat::Ndjson => of_lines(&mut counted),
        BodyFormat::Csv | BodyFormat::Parquet => of_text(&mut counted).map_err(RecordsError::Read),
    };
    look.map(|look| (look, counted.bytes)).map_err(|error| error.failure(label))
}

/// The records of NDJSON.
fn of_lines(input: impl Read) -> Result<Look, RecordsError> {
    let (mut look, mut digest) = (Look::default(), Sha256::new());
    let reader = BufReader::with_capacity(BUFFER, input);
    for record in serde_json::Deserializer::from_reader(reader).into_iter::<Box<RawValue>>() {
        digest.update(record.map_err(RecordsError::Syntax)?.get().as_bytes());
        digest.update(b"\n");
        look.records += 1;
    }
    look.digest = Some(digest.finalize().into());
    Ok(look)
}

/// The lines of CSV after the header. Lines and records are not the same, but none of the one is none of the other.
fn of_text(mut input: impl Read) -> io::Result<Look> {
    let (mut lines, mut blank, mut digest) = (0_u64, true, Sha256::new());
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = input.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        digest.update(&buffer[..count]);
        for byte in &buffer[..count] {
            if *byte == b'\n' {
                lines += u64::from(!blank);
                blank = true;
            } else if !byte.is_ascii_whitespace() {
                blank = false;
            }
        }
    }
    lines += u64::from(!blank);
    Ok(Look { records: lines.saturating_sub(1), digest: Some(digest.finalize().into()), ..Look::default() })
}

/// Counts what is read through it.
struct Counted<R> {
    inner: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_no_record_are_not_counted() {
        let records = |text: &str| of_text(text.as_bytes()).unwrap().records;
        assert_eq!(["", "a,b\n", "a,b", "a,b\r\n1,2\r\n\r\n", "a\n1\n2"].map(records), [0, 0, 0, 1, 2]);
        assert_eq!(of_lines(&b"{}\n\n{\"a\": 1}"[..]).unwrap().records, 2);
    }
}
