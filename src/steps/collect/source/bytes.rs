//! Plain UTF-8 out of a file: decompressed, recoded, without byte order mark, up to a limit.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
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
    /// Opens a file. Gzip and zstd are recognised by their first bytes, whatever the file is called.
    pub(super) fn open(
        path: &Path,
        charset: Option<&'static Encoding>,
        max_bytes: Option<u64>,
        stopped: &'a dyn Fn() -> bool,
    ) -> io::Result<Self> {
        let file = BufReader::with_capacity(BUFFER, File::open(path)?);
        let bytes: Box<dyn Read> = match packing_of(path)? {
            Packing::Gzip => Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(file))),
            Packing::Zstd => Box::new(BufReader::with_capacity(BUFFER, zstd::Decoder::with_buffer(file)?)),
            Packing::None => Box::new(file),
        };
        let mut inner: Box<dyn Read> = match charset {
            Some(charset) => Box::new(Recoder::new(bytes, charset)),
            None => bytes,
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
pub(super) enum Packing {
    /// Not at all.
    None,
    /// Gzip, also several one after the other.
    Gzip,
    /// Zstandard, also several frames one after the other.
    Zstd,
}

/// How a file is compressed, seen from how it begins.
pub(super) fn packing_of(path: &Path) -> io::Result<Packing> {
    let mut head = Vec::new();
    File::open(path)?.take(4).read_to_end(&mut head)?;
    Ok(match head.as_slice() {
        [0x1f, 0x8b, ..] => Packing::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd] => Packing::Zstd,
        _ => Packing::None,
    })
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
