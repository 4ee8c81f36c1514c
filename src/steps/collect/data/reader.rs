//! How DuckDB's readers are called.
//!
//! The CSV reader is told the dialect. Left to find one it never fails: it skips lines, or takes a row for the header,
//! until what is left fits. Types are inferred from all of the data, so that a text in the last row is not an error.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use super::read::Column;
use crate::domain::step::BodyFormat;
use crate::duckdb::{literal, quoted};
use crate::steps::collect::source::Body;

/// How much of a first line is looked at for its delimiter.
const LONGEST_HEADER: u64 = 1024 * 1024;

/// A reader for a body.
pub(super) struct Reader {
    function: &'static str,
    paths: String,
    options: String,
    format: BodyFormat,
    /// Columns of a CSV header.
    header: usize,
}

impl Reader {
    /// The reader for a body that has any record.
    pub(super) fn new(body: &Body) -> Self {
        let paths: Vec<String> = body.files.iter().map(|file| literal(&file.path.display().to_string())).collect();
        let paths = format!("[{}]", paths.join(", "));
        let (function, options, header) = match body.format {
            BodyFormat::Csv => {
                let (delimiter, header) = body.files.first().map_or((',', 0), |file| dialect(&file.path));
                let options = format!(
                    "header = true, delim = {}, quote = '\"', escape = '\"', skip = 0, comment = '', \
                     strict_mode = true, null_padding = false",
                    literal(&delimiter.to_string())
                );
                ("read_csv", options, header)
            }
            BodyFormat::Json | BodyFormat::Ndjson => {
                ("read_json", "format = 'newline_delimited', records = true".to_owned(), 0)
            }
            BodyFormat::Parquet => ("read_parquet", "union_by_name = true".to_owned(), 0),
        };
        Self { function, paths, options, format: body.format, header }
    }

    /// The call that infers types.
    pub(super) fn inferring(&self) -> String {
        let inference = match self.format {
            // Only ISO dates are dates: in others day and month would be guessed.
            BodyFormat::Csv => ", union_by_name = true, sample_size = -1, dateformat = '%Y-%m-%d'",
            // Nested values become JSON: their inner shape may be another one tomorrow. The thresholds would make one
            // map of a record with very many fields.
            BodyFormat::Json | BodyFormat::Ndjson => {
                ", sample_size = -1, maximum_depth = 2, map_inference_threshold = -1, field_appearance_threshold = 0"
            }
            BodyFormat::Parquet => "",
        };
        format!("{}({}, {}{inference})", self.function, self.paths, self.options)
    }

    /// The query for all of the data with these types.
    pub(super) fn typed(&self, columns: &[Column]) -> String {
        let call = |types: &str| format!("{}({}, {}{types})", self.function, self.paths, self.options);
        let pairs: Vec<String> =
            columns.iter().map(|column| format!("{}: {}", literal(&column.name), literal(&column.sql_type))).collect();
        let pairs = pairs.join(", ");
        match self.format {
            BodyFormat::Csv => {
                let inference = ", union_by_name = true, sample_size = -1, dateformat = '%Y-%m-%d'";
                format!("select * from {}", call(&format!("{inference}, types = {{{pairs}}}")))
            }
            BodyFormat::Json | BodyFormat::Ndjson => {
                format!("select * from {}", call(&format!(", columns = {{{pairs}}}")))
            }
            BodyFormat::Parquet => {
                let casts: Vec<String> = columns
                    .iter()
                    .map(|column| format!("cast({0} as {1}) as {0}", quoted(&column.name), column.sql_type))
                    .collect();
                format!("select {} from {}", casts.join(", "), call(""))
            }
        }
    }

    /// A query that fails at the first line that doesn't fit the header: where types can't be inferred, the reader
    /// does not say which line it was.
    pub(super) fn finding_the_line(&self) -> Option<String> {
        let pairs: Vec<String> = (0..self.header).map(|number| format!("'c{number}': 'VARCHAR'")).collect();
        (self.format == BodyFormat::Csv).then(|| {
            let pairs = pairs.join(", ");
            format!(
                "select count(*) from {}({}, {}, auto_detect = false, columns = {{{pairs}}})",
                self.function, self.paths, self.options
            )
        })
    }
}

/// The delimiter of a CSV file and the number of its columns, as its first line shows them.
fn dialect(path: &std::path::Path) -> (char, usize) {
    let mut line = Vec::new();
    // A file that can't be read fails in the reader, which says why.
    if let Ok(file) = File::open(path) {
        BufReader::new(file.take(LONGEST_HEADER)).read_until(b'\n', &mut line).ok();
    }
    dialect_of(&line)
}

fn dialect_of(line: &[u8]) -> (char, usize) {
    let mut quoted = false;
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0), (b'|', 0)];
    for byte in line {
        if *byte == b'"' {
            quoted = !quoted;
        } else if !quoted && let Some((_, count)) = counts.iter_mut().find(|(delimiter, _)| delimiter == byte) {
            *count += 1;
        }
    }
    // The first of equals: a comma is what CSV says.
    let most = counts.iter().rev().max_by_key(|(_, count)| *count);
    most.map_or((',', 1), |(delimiter, count)| (char::from(*delimiter), count + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_shows_the_delimiter() {
        assert_eq!(dialect_of("종목,가격,\"a;b;c;d\"\n".as_bytes()), (',', 3));
        assert_eq!(dialect_of(b"a;b\n"), (';', 2));
        assert_eq!(dialect_of(b"a\tb,c\td\n"), ('\t', 3));
        assert_eq!(dialect_of(b"only\n"), (',', 1));
    }
}
