//! Pages that have come, written down one by one: all that the next attempt needs to go on after the last of them.
//!
//! One JSON object a line, the head first. A line is written when its page is on the disk and has been looked through, so
//! a page without a line is fetched again, whatever lies there of it. A line that a killed daemon cut off is none.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::look::Look;
use super::render::Turn;

/// The form of these lines. Another one is not read.
const FORM: u32 = 1;

/// What must be the same for pages to be gone on with.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::steps::collect) struct Head {
    form: u32,
    /// The run's round.
    round: u32,
    /// What tells one start of this machine from the next: after a crash of it, files may hold less than was written.
    boot: String,
    /// A digest of the requests, time and number of the attempt aside.
    request: String,
}

impl Head {
    /// What this attempt's pages are known by.
    pub(super) fn new(round: u32, request: String) -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Self { form: FORM, round, boot: boot.trim().to_owned(), request }
    }
}

/// A page that has come.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::steps::collect) struct Line {
    /// Its records.
    pub(super) records: u64,
    /// Their digest.
    pub(super) digest: Option<[u8; 32]>,
    /// Its file; an empty page has none.
    pub(super) file: Option<PageFile>,
    /// When it had come, in seconds since 1970.
    pub(super) at: u64,
    /// Size of all pages up to it, as they came.
    pub(super) bytes: u64,
    /// The same, unpacked.
    pub(super) plain: u64,
    /// The request for the next page; the last page has none.
    pub(super) next: Option<Turn>,
}

impl Line {
    /// What is to be remembered of a page that has come now.
    pub(super) fn now(look: &Look, file: Option<PageFile>, (bytes, plain): (u64, u64), next: Option<&Turn>) -> Self {
        let at = since_1970().as_secs();
        Self { records: look.records, digest: look.digest, file, at, bytes, plain, next: next.cloned() }
    }

    /// How long ago it came.
    pub(super) fn age(&self) -> Duration {
        since_1970().saturating_sub(Duration::from_secs(self.at))
    }
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// The file of a page.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PageFile {
    /// What errors call it.
    pub(super) label: String,
    /// The name of its encoding where that is not UTF-8.
    pub(super) charset: Option<String>,
    /// Its size on the disk.
    pub(super) size: u64,
}

/// A journal that is being written.
pub(super) struct Journal(File);

impl Journal {
    /// Begins one, with pages that are here already. In a new file: who has an old one open may still write to that.
    pub(super) fn begin(path: &Path, head: &Head, lines: &[Line]) -> io::Result<Self> {
        let new = path.with_extension("new");
        let mut text = line_of(head)?;
        for line in lines {
            text.extend(line_of(line)?);
        }
        let mut file = OpenOptions::new().append(true).create_new(true).open(&new)?;
        file.write_all(&text)?;
        std::fs::rename(&new, path)?;
        Ok(Self(file))
    }

    /// Adds a page.
    pub(super) fn add(&mut self, line: &Line) -> io::Result<()> {
        self.0.write_all(&line_of(line)?)
    }
}

fn line_of(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

/// The head and the pages of a journal; `None` where it can't be read.
pub(super) fn read(path: &Path) -> Option<(Head, Vec<Line>)> {
    let text = std::fs::read_to_string(path).ok()?;
    let mut whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let head = serde_json::from_str(whole.next()?).ok()?;
    Some((head, whole.map_while(|line| serde_json::from_str(line).ok()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cut_off_is_no_page() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pages");
        let line = |records| Line {
            records,
            digest: None,
            file: None,
            at: 0,
            bytes: 1,
            plain: 2,
            next: Some(Turn::AsWritten),
        };
        let mut journal = Journal::begin(&path, &Head::new(1, "r".into()), &[line(1)]).unwrap();
        journal.add(&line(2)).unwrap();
        let all = std::fs::read(&path).unwrap();
        let pages = |length: usize| {
            std::fs::write(&path, &all[..length]).unwrap();
            read(&path).map(|(head, lines)| {
                assert_eq!(head, Head::new(1, "r".into()));
                lines.len()
            })
        };
        assert_eq!([all.len(), all.len() - 1, 10].map(pages), [Some(2), Some(1), None]);
    }
}
