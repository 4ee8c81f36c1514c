//! Plain UTF-8 out of a file: decompressed, recoded, without byte order mark, up to a limit.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use encoding_rs::Encoding;
use flate2::read::MultiGzDecoder;

use super::fetch::not_as_promised;
use super::recode::Recoder;
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};

const BUFFER: usize = 256 * 1024;

/// What the reader says when the step is stopped; never shown.
const STOPPED: &str = "stopped";

/// A file's plain bytes.
pub(super) struct Plain<'a> {
    inner: Box<dyn Read>,
    /// Bytes that were read ahead to see whether there is a byte order mark.
    ahead: io::Cursor<Vec<u8>>,
    left: Option<u64>,
    stopped: &'a dyn Fn() -> bool,
}

impl<'a> Plain<'a> {
    /// Opens a file. Gzip and zstd are recognised by its first bytes, whatever it is called, and so is UTF-16.
    pub(super) fn open(
        path: &Path,
        charset: Option<&'static Encoding>,
        max_bytes: Option<u64>,
        stopped: &'a dyn Fn() -> bool,
    ) -> io::Result<Self> {
        let file = BufReader::with_capacity(BUFFER, File::open(path)?);
        let mut bytes: Box<dyn Read> = match Compression::of(path)? {
            Some(Compression::Gzip) => Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(file))),
            Some(Compression::Zstd) => Box::new(BufReader::with_capacity(BUFFER, Unzstd::new(file)?)),
            None => Box::new(file),
        };
        let mut head = Vec::new();
        bytes.by_ref().take(2).read_to_end(&mut head)?;
        let charset = charset.or_else(|| wide(&head));
        let bytes = io::Cursor::new(head).chain(bytes);
        let mut inner: Box<dyn Read> = match charset {
            Some(charset) => Box::new(Recoder::new(bytes, charset)),
            None => Box::new(bytes),
        };
        let mut ahead = Vec::new();
        inner.by_ref().take(3).read_to_end(&mut ahead)?;
        if ahead == b"\xef\xbb\xbf" {
            ahead.clear();
        }
        Ok(Self { inner, ahead: io::Cursor::new(ahead), left: max_bytes, stopped })
    }
}

impl Read for Plain<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if (self.stopped)() {
            return Err(io::Error::other(STOPPED));
        }
        let mut count = self.ahead.read(buffer)?;
        if count == 0 {
            count = self.inner.read(buffer)?;
        }
        if let Some(left) = &mut self.left {
            *left = left
                .checked_sub(count as u64)
                .ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, "larger than allowed when decompressed"))?;
        }
        Ok(count)
    }
}

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    /// What the first bytes of a file say.
    fn of(path: &Path) -> io::Result<Option<Self>> {
        let head = head(path)?;
        Ok(match head.as_slice() {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd] => Some(Self::Zstd),
            _ => None,
        })
    }
}

/// Whether a file can't be read where it is, because it is compressed or UTF-16.
pub(super) fn needs_unpacking(path: &Path) -> io::Result<bool> {
    Ok(Compression::of(path)?.is_some() || wide(&head(path)?).is_some())
}

fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)?.take(4).read_to_end(&mut head)?;
    Ok(head)
}

/// UTF-16, if a text begins with its byte order mark.
fn wide(head: &[u8]) -> Option<&'static Encoding> {
    match head {
        [0xff, 0xfe, ..] => Some(encoding_rs::UTF_16LE),
        [0xfe, 0xff, ..] => Some(encoding_rs::UTF_16BE),
        _ => None,
    }
}

/// Reads what zstd compressed. Its library calls data that is damaged an error of no particular kind.
struct Unzstd<R: BufRead>(zstd::stream::read::Decoder<'static, R>);

impl<R: BufRead> Unzstd<R> {
    fn new(compressed: R) -> io::Result<Self> {
        zstd::stream::read::Decoder::with_buffer(compressed).map(Self)
    }
}

impl<R: BufRead> Read for Unzstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Other => io::Error::new(io::ErrorKind::InvalidData, error),
            _ => error,
        })
    }
}

/// Writes all of it to a new file.
pub(super) fn copy(input: &mut Plain<'_>, to: &Path) -> io::Result<()> {
    let mut input = BufReader::with_capacity(BUFFER, input);
    let mut output = io::BufWriter::with_capacity(BUFFER, File::create_new(to)?);
    io::copy(&mut input, &mut output)?;
    output.flush()
}

/// The failure of reading an input.
pub(super) fn input(label: &str, error: &io::Error) -> Failure {
    use io::ErrorKind::{
        FileTooLarge, InvalidData, InvalidInput, NotFound, PermissionDenied, QuotaExceeded, StorageFull, UnexpectedEof,
    };
    match error.kind() {
        FileTooLarge => Failure::permanent(Code::BodyTooLarge, Side::Source, format!("reading {label}: {error}"))
            .with_hint("raise max_bytes if that much is right"),
        StorageFull | QuotaExceeded => disk(error),
        UnexpectedEof => not_as_promised(label, "the compressed data ends before its end; it was cut off"),
        InvalidData | InvalidInput => not_as_promised(label, error),
        NotFound | PermissionDenied => {
            Failure::permanent(Code::InputFile, Side::Source, format!("reading {label}: {error}"))
        }
        _ => Failure::transient(Code::InputFile, Side::Source, format!("reading {label}: {error}")),
    }
}

/// The failure of writing to the spool folder.
pub(super) fn disk(error: &io::Error) -> Failure {
    let message = format!("writing to the spool folder: {error}");
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Failure::transient(Code::DiskFull, Side::Internal, message).with_hint("free some space where data_dir is")
        }
        _ => Failure::permanent(Code::LocalFile, Side::Internal, message),
    }
}
