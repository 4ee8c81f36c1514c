//! A source's data as local files that DuckDB can read: plain UTF-8 CSV, one JSON record per line, or Parquet.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use encoding_rs::Encoding;

use super::bytes::{self, Plain};
use super::digits::Exact;
use super::file::Taken;
use super::http::Kept;
use super::records::{self, Written};
use super::{command, file, http};
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::progress::Progress;
use crate::domain::step::{BodyFormat, CollectSource, CollectStep, QuerySource};
use crate::steps::StepContext;
use crate::steps::spool::Spool;

/// How many files are named where there are many.
const SHOWN_LABELS: usize = 3;

/// A file as it came.
pub(super) struct RawFile {
    /// Where it is.
    pub(super) path: PathBuf,
    /// What errors call it: the request, or the path.
    pub(super) label: String,
    /// Its encoding where that is not UTF-8.
    pub(super) charset: Option<&'static Encoding>,
}

/// All files of a source, as they came.
pub(super) struct Raw {
    pub(super) files: Vec<RawFile>,
    pub(super) format: BodyFormat,
    /// JSON pointer to the records.
    pub(super) records: Option<String>,
    /// Largest size of all of it, decompressed.
    pub(super) max_bytes: Option<u64>,
    /// Size as it came.
    pub(super) bytes: u64,
}

/// A source's data, ready to be read. JSON has become one record per line.
pub(in crate::steps::collect) struct Body {
    /// The files.
    pub(in crate::steps::collect) files: Vec<BodyFile>,
    /// How they are to be read; never `Json`.
    pub(in crate::steps::collect) format: BodyFormat,
    /// How many records there are, where that is known: for JSON.
    pub(in crate::steps::collect) records: Option<u64>,
    /// A file with those records that show what all of them look like, where there is one: for JSON.
    pub(in crate::steps::collect) shapes: Option<PathBuf>,
    /// What stands before texts that are JSON, if there are any.
    pub(in crate::steps::collect) mark: Option<String>,
    /// Size of what came.
    pub(in crate::steps::collect) bytes: u64,
}

/// A file of a body.
pub(in crate::steps::collect) struct BodyFile {
    /// Where it is.
    pub(in crate::steps::collect) path: PathBuf,
    /// What errors call it.
    pub(in crate::steps::collect) label: String,
}

/// What is known beforehand of what will be read.
#[derive(Default)]
pub(in crate::steps::collect) struct Expected {
    /// Columns that are known, for their numbers to keep every digit.
    pub(in crate::steps::collect) exact: Exact,
    /// Files that were loaded before: which version of each.
    pub(in crate::steps::collect) taken: BTreeMap<String, String>,
    /// Pages of the attempt before; `None` where pages are not kept.
    pub(in crate::steps::collect) kept: Option<Kept>,
}

/// What a source comes to.
pub(in crate::steps::collect) enum Fetched<'s> {
    /// Files that are there.
    Body(Body),
    /// The same, and more about them.
    Files(Files),
    /// All files were loaded before.
    NothingNew,
    /// Nothing is there yet: DuckDB takes rows as they come.
    Query(&'s QuerySource),
}

/// The files of a file source.
pub(in crate::steps::collect) struct Files {
    /// What is read.
    pub(in crate::steps::collect) body: Body,
    /// What is remembered of them, if anything.
    pub(in crate::steps::collect) taken: Vec<Taken>,
    /// How many there are.
    pub(in crate::steps::collect) count: u64,
    /// Lines that were put aside, one JSON object on each.
    pub(in crate::steps::collect) rejects: Option<PathBuf>,
}

/// What the attempt before has left of a source's data for this one.
pub(in crate::steps::collect) fn kept(
    step: &CollectStep,
    spool: &Spool,
    context: &StepContext,
) -> Result<Option<Kept>, Failure> {
    match &step.source {
        CollectSource::Http(source) => http::kept(source, spool, context),
        CollectSource::File(_) | CollectSource::Command(_) | CollectSource::Query(_) => Ok(None),
    }
}

/// Fetches all of a source's data, where it comes as a body.
pub(in crate::steps::collect) async fn fetch<'s>(
    step: &'s CollectStep,
    expected: &Expected,
    spool: &Spool,
    context: &StepContext,
) -> Result<Fetched<'s>, Failure> {
    let raw = match &step.source {
        CollectSource::Http(source) => {
            let known = (step.expect.json.as_slice(), expected.kept.as_ref());
            Box::pin(http::fetch(source, known, spool, context)).await?
        }
        CollectSource::File(source) => return Box::pin(file::fetch(source, expected, spool, context)).await,
        CollectSource::Command(source) => Box::pin(command::fetch(source, spool, context)).await?,
        CollectSource::Query(source) => return Ok(Fetched::Query(source)),
    };
    let (output, exact) = (spool.path("plain"), expected.exact.clone());
    let prepared = unpack(raw.bytes, context, move |stopped| prepare(raw, &output, exact, stopped));
    prepared.await.map(Fetched::Body)
}

/// Does the work of making files readable, on a blocking thread, until it is done or the step is stopped.
pub(super) async fn unpack<T: Send + 'static>(
    bytes: u64,
    context: &StepContext,
    work: impl FnOnce(&dyn Fn() -> bool) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    context.host.progress(Progress { bytes_expected: Some(bytes), ..Progress::phase("unpacking") });
    on_thread("preparing the data", context, work).await
}

/// Does work on a blocking thread, until it is done or the step is stopped: it is asked again and again whether it is.
pub(super) async fn on_thread<T: Send + 'static>(
    doing: &str,
    context: &StepContext,
    work: impl FnOnce(&dyn Fn() -> bool) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    // Ends the thread's work when the step is stopped, and also when this future is dropped.
    let stop = context.stop.child_token();
    let _stop_with_us = stop.clone().drop_guard();
    match tokio::task::spawn_blocking(move || work(&|| stop.is_cancelled())).await {
        Ok(Err(failure)) if context.stop.is_cancelled() => {
            drop(failure);
            Err(Failure::stopped())
        }
        Ok(done) => done,
        Err(error) => Err(Failure::bug(format!("{doing}: {error}"))),
    }
}

/// Makes files that can be read: on a blocking thread, with one record in memory at a time.
pub(super) fn prepare(raw: Raw, output: &Path, exact: Exact, stopped: &dyn Fn() -> bool) -> Result<Body, Failure> {
    match raw.format {
        BodyFormat::Json | BodyFormat::Ndjson => one_record_per_line(&raw, output, exact, stopped),
        BodyFormat::Csv => plain_text(raw, output, stopped),
        BodyFormat::Parquet => {
            let files = raw.files.into_iter().map(|file| BodyFile { path: file.path, label: file.label }).collect();
            Ok(Body { files, format: BodyFormat::Parquet, records: None, shapes: None, mark: None, bytes: raw.bytes })
        }
    }
}

fn one_record_per_line(raw: &Raw, output: &Path, exact: Exact, stopped: &dyn Fn() -> bool) -> Result<Body, Failure> {
    let lines = records::Lines::create(output).map_err(|error| bytes::disk(&error))?;
    let mut lines = lines.with_exact(exact);
    for file in &raw.files {
        let open = || Plain::open(&file.path, file.charset, raw.max_bytes, stopped);
        let read = match raw.format {
            BodyFormat::Json => records::of_document(open, raw.records.as_deref(), &mut lines),
            _ => records::of_lines(open, &mut lines),
        };
        read.map_err(|error| error.failure(&file.label))?;
    }
    let label = label_of(&raw.files);
    let Written { records, mark } = lines.finish().map_err(|error| bytes::disk(&error))?;
    let files = vec![BodyFile { path: output.to_owned(), label }];
    let shapes = Some(records::shapes_of(output));
    Ok(Body { files, format: BodyFormat::Ndjson, records: Some(records), shapes, mark, bytes: raw.bytes })
}

/// What errors call several files: the first few of them.
pub(super) fn label_of(files: &[RawFile]) -> String {
    let mut names: Vec<&str> = files.iter().take(SHOWN_LABELS).map(|file| file.label.as_str()).collect();
    let more = files.len().saturating_sub(SHOWN_LABELS);
    let rest = format!("{more} more");
    if more > 0 {
        names.push(&rest);
    }
    names.join(", ")
}

/// CSV is read where it is, unless it is compressed or encoded otherwise.
fn plain_text(raw: Raw, output: &Path, stopped: &dyn Fn() -> bool) -> Result<Body, Failure> {
    let mut files = Vec::new();
    for (number, file) in raw.files.into_iter().enumerate() {
        let RawFile { path, label, charset } = file;
        let packed = bytes::needs_unpacking(&path).map_err(|error| bytes::input(&label, &error))?;
        if !packed && charset.is_none() {
            files.push(BodyFile { path, label });
            continue;
        }
        let plain = output.with_extension(number.to_string());
        Plain::open(&path, charset, raw.max_bytes, stopped)
            .and_then(|mut input| bytes::copy(&mut input, &plain))
            .map_err(|error| bytes::input(&label, &error))?;
        files.push(BodyFile { path: plain, label });
    }
    Ok(Body { files, format: BodyFormat::Csv, records: None, shapes: None, mark: None, bytes: raw.bytes })
}

/// A body that is not what was promised.
pub(super) fn not_as_promised(label: &str, what: impl std::fmt::Display) -> Failure {
    Failure::permanent(Code::BodyFormat, Side::Source, format!("reading {label}: {what}"))
}
