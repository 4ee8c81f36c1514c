//! Reads an attempt's log in its order, and goes on where it was while the log grows.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::part_path;

/// A reader of one log.
pub struct LogReader {
    path: PathBuf,
    /// Bytes of the beginning that were read.
    head: u64,
    /// The part that was read last, by its file's number, and how much of it.
    part: Option<(u64, u64)>,
}

impl LogReader {
    /// A reader that has read nothing yet.
    pub const fn new(path: PathBuf) -> Self {
        Self { path, head: 0, part: None }
    }

    /// Where the log begins.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What has been added since the last call, in whole lines. Fails if there is no such log here.
    pub fn read(&mut self) -> io::Result<String> {
        let (mut text, read) = whole_lines(&mut File::open(&self.path)?, self.head)?;
        self.head += read;
        for (mut file, from) in self.parts()? {
            let number = file.metadata()?.ino();
            let (more, read) = whole_lines(&mut file, from)?;
            self.part = Some((number, from + read));
            text.push_str(&more);
        }
        Ok(text)
    }

    /// The parts that have something to read, in their order, and from where.
    fn parts(&self) -> io::Result<Vec<(File, u64)>> {
        // The newest first: it may become the older one in between, but not the other way round.
        let (newest, older) = (opened(&part_path(&self.path, 1))?, opened(&part_path(&self.path, 2))?);
        let Some(newest) = newest else { return Ok(Vec::new()) };
        let number = |file: &File| file.metadata().map(|metadata| metadata.ino());
        let same = older.as_ref().map(&number).transpose()? == Some(number(&newest)?);
        let older = older.filter(|_| !same);
        if let Some((read, to)) = self.part {
            if number(&newest)? == read {
                return Ok(vec![(newest, to)]);
            }
            if let Some(older) = older {
                let from = if number(&older)? == read { to } else { 0 };
                return Ok(vec![(older, from), after_its_first_line(newest)?]);
            }
            return Ok(vec![(newest, 0)]);
        }
        Ok(match older {
            Some(older) => vec![(older, 0), after_its_first_line(newest)?],
            None => vec![after_its_first_line(newest)?],
        })
    }
}

/// A part whose predecessor is read too: its first line, which says what was left out before it, would be wrong.
fn after_its_first_line(file: File) -> io::Result<(File, u64)> {
    let mut first = Vec::new();
    BufReader::new(&file).read_until(b'\n', &mut first)?;
    // One that is being written is left for the next time, as all lines are.
    let length = if first.ends_with(b"\n") { first.len() as u64 } else { 0 };
    Ok((file, length))
}

fn opened(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The whole lines after a place, and how many bytes they are. A line that is being written is read when it is whole.
fn whole_lines(file: &mut File, from: u64) -> io::Result<(String, u64)> {
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
    let read = bytes.len() as u64;
    Ok((String::from_utf8_lossy(&bytes).into_owned(), read))
}
