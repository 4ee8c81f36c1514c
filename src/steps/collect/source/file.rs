//! Data from files, on a disk or in an object store.

use std::path::Path;

use super::bad_lines::{self, Rejects};
use super::bytes::{Plain, disk, input};
use super::fetch::{
    Body, BodyFile, Expected, Fetched, Files, Raw, RawFile, label_of, not_as_promised, prepare, unpack,
};
use super::found::{FoundFile, Place, new_ones};
use super::records::{Lines, Written, shapes_of};
use super::{local, remote};
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::object::{AddressError, ObjectAddress};
use crate::domain::step::{BadRows, BodyFormat, FileSource};
use crate::steps::StepContext;
use crate::steps::spool::Spool;

pub(in crate::steps::collect) use super::found::Taken;

/// Finds the files, fetches those that are elsewhere, and makes all of them readable.
pub(super) async fn fetch<'s>(
    source: &FileSource,
    expected: &Expected,
    spool: &Spool,
    context: &StepContext,
) -> Result<Fetched<'s>, Failure> {
    let pattern = context.scope.text(&source.path)?;
    let mut found = match ObjectAddress::parse(&pattern) {
        None => local::find(&source.base.join(&pattern))?,
        Some(Ok(address)) => remote::find(&address, context).await?,
        Some(Err(error)) => return Err(unreadable(&pattern, error).with_hint(AddressError::HINT)),
    };
    if source.only_new {
        found = new_ones(found, expected, context);
        if found.is_empty() {
            return Ok(Fetched::NothingNew);
        }
    }
    let format = format_of_all(source, &found, &pattern)?;
    context.info(format!("reading {} files: {pattern}", found.len()));
    let bytes = found.iter().map(|file| file.taken.bytes).sum();
    let mut files = Vec::new();
    for (number, file) in found.iter().enumerate() {
        let path = match &file.place {
            Place::Local(path) => path.clone(),
            Place::Remote(bucket, object) => remote::download(bucket, object, number, spool, context).await?,
        };
        files.push(RawFile { path, label: format!("`{}`", file.taken.path), charset: source.csv.charset() });
    }
    let count = files.len() as u64;
    let raw = Raw { files, format, records: source.records.clone(), max_bytes: source.max_bytes, bytes };
    let (body, rejects) = readable(raw, source.bad_rows.as_ref(), expected, spool, context).await?;
    let taken = if source.only_new { found.into_iter().map(|file| file.taken).collect() } else { Vec::new() };
    if source.csv.header && body.format == BodyFormat::Csv {
        has_header(&body)?;
    }
    let rejects = rejects.then(|| spool.path("rejects"));
    Ok(Fetched::Files(Files { body, taken, count, rejects }))
}

/// Makes the files readable; whether lines may have been put aside.
async fn readable(
    raw: Raw,
    bad_rows: Option<&BadRows>,
    expected: &Expected,
    spool: &Spool,
    context: &StepContext,
) -> Result<(Body, bool), Failure> {
    let (output, exact, bytes) = (spool.path("plain"), expected.exact.clone(), raw.bytes);
    if let (Some(bad_rows), BodyFormat::Ndjson) = (bad_rows, raw.format) {
        let (aside, limit) = (spool.path("rejects"), bad_rows.limit);
        let work = move |stopped: &dyn Fn() -> bool| {
            let disk = |error: std::io::Error| disk(&error);
            let mut lines = Lines::create(&output).map_err(disk)?.with_exact(exact);
            let mut rejects = Rejects::create(&aside, limit).map_err(disk)?;
            for file in &raw.files {
                let plain = Plain::open(&file.path, None, raw.max_bytes, stopped);
                let plain = plain.map_err(|error| input(&file.label, &error))?;
                bad_lines::of_lines(plain, &file.label, &mut lines, &mut rejects)?;
            }
            rejects.finish().map_err(disk)?;
            let Written { records, mark } = lines.finish().map_err(disk)?;
            let label = label_of(&raw.files);
            let shapes = Some(shapes_of(&output));
            let files = vec![BodyFile { path: output, label }];
            Ok(Body { files, format: BodyFormat::Ndjson, records: Some(records), shapes, mark, bytes: raw.bytes })
        };
        return Ok((unpack(bytes, context, work).await?, true));
    }
    if bad_rows.is_some() && raw.format != BodyFormat::Csv {
        let label = raw.files.first().map_or("", |file| file.label.as_str());
        let message = format!("reading {label}: `bad_rows` is for CSV and NDJSON only");
        return Err(Failure::permanent(Code::InputFile, Side::Source, message));
    }
    Ok((unpack(bytes, context, move |stopped| prepare(raw, &output, exact, stopped)).await?, false))
}

/// Fails if a file has not even a header: DuckDB would make one up.
fn has_header(body: &Body) -> Result<(), Failure> {
    let empty = body.files.iter().find(|file| std::fs::metadata(&file.path).is_ok_and(|about| about.len() == 0));
    let Some(file) = empty else { return Ok(()) };
    Err(not_as_promised(&file.label, "it is empty, without even a header"))
}

/// The format of the files, which must be the same.
fn format_of_all(source: &FileSource, found: &[FoundFile], pattern: &str) -> Result<BodyFormat, Failure> {
    let mut formats = found.iter().map(|file| Ok((file, format_of(source, &file.taken.path)?)));
    let first: Option<Result<_, Failure>> = formats.next();
    let format = first.ok_or_else(|| unreadable(pattern, "no file matches"))??.1;
    for other in formats {
        let (file, other) = other?;
        if other != format {
            let what = "the files that match are of different formats";
            return Err(unreadable(&file.taken.path, what).with_hint("match files of one format, or give `format`"));
        }
    }
    Ok(format)
}

fn format_of(source: &FileSource, path: &str) -> Result<BodyFormat, Failure> {
    if let Some(format) = source.format {
        return Ok(format);
    }
    let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = [".gz", ".zst", ".zstd"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name);
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("csv" | "tsv") => Ok(BodyFormat::Csv),
        Some("json") => Ok(BodyFormat::Json),
        Some("ndjson" | "jsonl") => Ok(BodyFormat::Ndjson),
        Some("parquet") => Ok(BodyFormat::Parquet),
        _ => Err(unreadable(path, "its name does not say how to read it").with_hint("give `format`")),
    }
}

/// The failure of a file that can't be read.
pub(super) fn unreadable(path: &str, what: impl std::fmt::Display) -> Failure {
    Failure::permanent(Code::InputFile, Side::Source, format!("reading `{path}`: {what}"))
        .with_hint("check the path; a relative one starts at the job file's folder")
}
