//! Data from local files.

use std::path::{Path, PathBuf};

use super::fetch::{Raw, RawFile};
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::step::{BodyFormat, FileSource};
use crate::steps::StepContext;

/// Finds the files, in the order of their names.
pub(super) fn find(source: &FileSource, context: &StepContext) -> Result<Raw, Failure> {
    let pattern = source.base.join(context.scope.text(&source.path)?);
    let paths = matching(&pattern)?;
    let mut formats = paths.iter().map(|path| format_of(source, path).map(|format| (path, format)));
    let format = match formats.next() {
        Some(first) => first?.1,
        None => return Err(unreadable(&pattern, "no file matches")),
    };
    for other in formats {
        let (path, other) = other?;
        if other != format {
            let what = "the files that match are of different formats";
            return Err(unreadable(path, what).with_hint("match files of one format, or give `format`"));
        }
    }
    let mut bytes = 0;
    for path in &paths {
        let about = std::fs::metadata(path).map_err(|error| unreadable(path, error))?;
        if !about.is_file() {
            return Err(unreadable(path, "it is not a file"));
        }
        // What may be looked at need not be ours to read.
        std::fs::File::open(path).map_err(|error| unreadable(path, error))?;
        bytes += about.len();
    }
    context.info(format!("reading {} files: {}", paths.len(), pattern.display()));
    let files = paths.into_iter().map(|path| RawFile { label: format!("`{}`", path.display()), path, charset: None });
    let records = source.records.clone();
    Ok(Raw { files: files.collect(), format, records, max_bytes: None, bytes })
}

/// A path that exists is taken as it is, whatever characters it has; else it is a pattern.
fn matching(pattern: &Path) -> Result<Vec<PathBuf>, Failure> {
    if pattern.exists() {
        return Ok(vec![pattern.to_owned()]);
    }
    let text = pattern.to_str().ok_or_else(|| unreadable(pattern, "the path is not UTF-8"))?;
    if !text.contains(['*', '?', '[']) {
        return Err(unreadable(pattern, "no such file"));
    }
    // Sorted by name, so that the order of rows doesn't depend on the file system.
    let found = glob::glob(text).map_err(|error| unreadable(pattern, error))?;
    found.map(|path| path.map_err(|error| unreadable(error.path(), error.error()))).collect()
}

fn format_of(source: &FileSource, path: &Path) -> Result<BodyFormat, Failure> {
    if let Some(format) = source.format {
        return Ok(format);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("csv" | "tsv") => Ok(BodyFormat::Csv),
        Some("json") => Ok(BodyFormat::Json),
        Some("ndjson" | "jsonl") => Ok(BodyFormat::Ndjson),
        Some("parquet") => Ok(BodyFormat::Parquet),
        _ => Err(unreadable(path, "its name does not say how to read it").with_hint("give `format`")),
    }
}

fn unreadable(path: &Path, what: impl std::fmt::Display) -> Failure {
    Failure::permanent(Code::InputFile, Side::Source, format!("reading `{}`: {what}", path.display()))
        .with_hint("check the path; a relative one starts at the job file's folder")
}
