//! The text of a file that people write, read with all that can be wrong with it.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::diagnostic::Diagnostic;

/// Largest file that is read. A job file is a page or two; something this long is a mistake, or an attack.
const MAX_BYTES: u64 = 1024 * 1024;

/// A file's path and text.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The path, as the user gave it.
    pub(crate) path: PathBuf,
    /// The text, without a byte order mark.
    pub(crate) text: String,
}

impl Source {
    /// Reads a file; a folder, an unreadable file, one that is not UTF-8 and one that is too long are diagnostics.
    pub(crate) fn read(path: &Path) -> Result<Self, Diagnostic> {
        let wrong = |message: String| Diagnostic::of_file(path, message);
        let metadata = std::fs::metadata(path).map_err(|error| wrong(format!("the file can't be read: {error}")))?;
        if metadata.is_dir() {
            return Err(wrong("this is a folder, not a file".to_owned()).with_hint("name a file in it"));
        }
        // A pipe or a device may never end.
        if !metadata.is_file() {
            return Err(wrong("this is not a regular file".to_owned()));
        }
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
            .map_err(|error| wrong(format!("the file can't be read: {error}")))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(wrong(format!("the file is longer than {MAX_BYTES} bytes")));
        }
        Self::from_bytes(path, bytes)
    }

    /// A file of these bytes.
    pub(crate) fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, Diagnostic> {
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let before = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
            let source = Self { path: path.to_owned(), text: before };
            Diagnostic::at(
                &source,
                valid..valid,
                format!("the file is not UTF-8 text: byte {} can't be read", valid + 1),
            )
            .with_hint("save the file in UTF-8")
        })?;
        let text = text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), ToOwned::to_owned);
        Ok(Self { path: path.to_owned(), text })
    }

    /// Line and column, both from one and the column in characters, of a byte of the text.
    pub(crate) fn position(&self, byte: usize) -> (usize, usize) {
        let before = &self.text[..self.floor(byte)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The byte at which a line starts, lines counted from one; the text's end if there are fewer.
    pub(crate) fn line_start(&self, line: usize) -> usize {
        match line.checked_sub(2) {
            None => 0,
            Some(nth) => self.text.match_indices('\n').nth(nth).map_or(self.text.len(), |(at, _)| at + 1),
        }
    }

    /// The same byte, or the one before it that starts a character.
    pub(crate) fn floor(&self, byte: usize) -> usize {
        self.text.floor_char_boundary(byte.min(self.text.len()))
    }
}
