//! Pages that an attempt leaves to the next one, and what that makes of them.
//!
//! They are gone on with by the attempt that follows, of the same run, for the same requests, as long as they are young
//! and this machine has not been started anew. In all other cases it begins with the first page.

use std::time::Duration;

use encoding_rs::Encoding;
use sha2::{Digest as _, Sha256};

use super::journal::{self, Head, Journal, Line};
use super::render::{Turn, render};
use crate::domain::failure::Failure;
use crate::domain::hex::hex;
use crate::domain::step::HttpSource;
use crate::fetch::Auth;
use crate::steps::StepContext;
use crate::steps::collect::source::bytes::disk;
use crate::steps::collect::source::fetch::RawFile;
use crate::steps::spool::Spool;

/// The journal's name in the spool.
const JOURNAL: &str = "pages";

/// How long ago the last page may have come. Cursors of most servers live about as long, and the longer the pause the less
/// the pages before and after it are of one time.
const OLDEST: Duration = Duration::from_hours(1);

/// The pages of earlier attempts, and what this one's are known by.
#[derive(Debug)]
pub(in crate::steps::collect) struct Kept {
    head: Head,
    pub(super) lines: Vec<Line>,
}

impl Kept {
    /// How many pages there are.
    pub(in crate::steps::collect) fn pages(&self) -> u64 {
        self.lines.len() as u64
    }

    /// Begins the journal of this attempt.
    pub(super) fn journal(&self, spool: &Spool) -> Result<Journal, Failure> {
        Journal::begin(&spool.path(JOURNAL), &self.head, &self.lines).map_err(|error| disk(&error))
    }

    /// The files of its pages.
    pub(super) fn files(&self, spool: &Spool) -> Vec<RawFile> {
        let files = self.lines.iter().filter_map(|line| line.file.as_ref()).enumerate();
        let raw = files.map(|(index, file)| RawFile {
            path: spool.path(&file_name(index)),
            label: file.label.clone(),
            charset: file.charset.as_ref().and_then(|name| Encoding::for_label(name.as_bytes())),
        });
        raw.collect()
    }

    /// Forgets them: this attempt begins with the first page after all.
    pub(in crate::steps::collect) fn begin_anew(&mut self, spool: &Spool) -> Result<(), Failure> {
        self.lines.clear();
        spool.reduce_to(&[])
    }
}

/// The name of a page's file in the spool.
pub(super) fn file_name(index: usize) -> String {
    format!("body-{index}")
}

/// What the attempt before has left of a source's pages; `None` where nothing is to be kept of this one's either.
pub(in crate::steps::collect::source) fn kept(
    source: &HttpSource,
    spool: &Spool,
    context: &StepContext,
) -> Result<Option<Kept>, Failure> {
    if !source.keeps_pages() {
        return Ok(None);
    }
    let head = Head::new(context.round, digest(source, context)?);
    let lines = match usable(&head, spool) {
        Ok(lines) => lines,
        Err(None) => Vec::new(),
        Err(Some(why)) => {
            context.info(format!("not going on with the pages of the attempt before: {why}"));
            Vec::new()
        }
    };
    // Also what it was about to write: whoever is frozen in the middle of that has the file still open.
    spool.reduce_to(&names(&lines))?;
    match lines.last() {
        Some(Line { next: None, .. }) => {
            context.info(format!("all {} pages are here, from the attempt before", lines.len()));
        }
        Some(_) => {
            let (next, records) = (lines.len() + 1, lines.iter().map(|line| line.records).sum::<u64>());
            let before = format!("{} pages with {records} records are here, from the attempt before", lines.len());
            context.info(format!("going on from page {next}: {before}"));
        }
        None => {}
    }
    Ok(Some(Kept { head, lines }))
}

/// Leaves the pages that have come to the next attempt. Without any, nothing is left.
pub(in crate::steps::collect) fn keep(spool: Spool, context: &StepContext) {
    let lines = journal::read(&spool.path(JOURNAL)).map(|(_, lines)| lines).unwrap_or_default();
    if lines.is_empty() {
        return;
    }
    context.info(format!("{} pages are kept for the next attempt", lines.len()));
    spool.keep(&names(&lines));
}

/// The names of what belongs to these pages.
fn names(lines: &[Line]) -> Vec<String> {
    let count = lines.iter().filter(|line| line.file.is_some()).count();
    let files = (0..count).map(file_name);
    if lines.is_empty() { Vec::new() } else { files.chain([JOURNAL.to_owned()]).collect() }
}

/// The pages that are there; why they are not to be used, where there are any.
fn usable(head: &Head, spool: &Spool) -> Result<Vec<Line>, Option<&'static str>> {
    let Some((known, lines)) = journal::read(&spool.path(JOURNAL)) else { return Err(None) };
    if lines.is_empty() {
        return Err(None);
    }
    if known != *head {
        return Err(Some("they are of another request, another round or another start of this machine"));
    }
    if lines.last().is_some_and(|last| last.age() > OLDEST) {
        return Err(Some("the last of them came more than an hour ago"));
    }
    let files = lines.iter().filter_map(|line| line.file.as_ref()).enumerate();
    let whole = |(index, size)| std::fs::metadata(spool.path(&file_name(index))).is_ok_and(|about| about.len() == size);
    if !files.map(|(index, file)| (index, file.size)).all(whole) {
        return Err(Some("they are not whole"));
    }
    Ok(lines)
}

/// A digest of what is asked for and by whom, without what differs from one attempt to the next by its nature.
fn digest(source: &HttpSource, context: &StepContext) -> Result<String, Failure> {
    let mut scope = context.scope.clone();
    scope.run.attempt = 0;
    scope.lock.token = scope.lock.token.map(|_| 0);
    let request = render(&source.request, &Turn::AsWritten, &scope, 0)?;
    let auth = request.auth.map(|auth| match auth {
        Auth::Basic { user, password } => vec![user, password],
        Auth::Bearer(token) => vec![token],
    });
    let parts = (&request.method, &request.url, &request.headers, &request.query, &request.body, &auth);
    let text = serde_json::to_vec(&(source, parts)).map_err(|error| Failure::bug(format!("a request: {error}")))?;
    Ok(hex(&Sha256::digest(text)))
}
