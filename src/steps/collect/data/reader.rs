//! How DuckDB's readers are called.
//!
//! The CSV reader is told the dialect. Left to find one it never fails: it skips lines, or takes a row for the header,
//! until what is left fits. Types are inferred from all of the data, so that a text in the last row is not an error.

use std::path::Path;

use super::dialect::Dialect;
use super::read::Column;
use crate::domain::step::BodyFormat;
use crate::duckdb::{literal, quoted};
use crate::steps::collect::source::Body;

/// Only ISO dates are dates: in others day and month would be guessed.
const CSV_DATES: &str = ", dateformat = '%Y-%m-%d'";

/// How many rows are looked at where what they look like is only told. DuckDB's own default.
pub(super) const FIRST_ROWS: u64 = 20_480;

/// How the JSON reader infers. Nested values become JSON: their inner shape may be another one tomorrow. The thresholds
/// would make one map of a record with very many fields.
const JSON_INFERENCE: &str =
    ", sample_size = -1, maximum_depth = 2, map_inference_threshold = -1, field_appearance_threshold = 0";

/// A reader for a body.
pub(super) struct Reader {
    function: &'static str,
    paths: String,
    options: String,
    format: BodyFormat,
    dialect: Dialect,
    /// Whether all files have the same columns in the same order, so that they can be told beforehand.
    alike: bool,
    /// How many columns CSV has at the most, as the first lines show.
    most_columns: usize,
    /// What stands before texts that are JSON.
    mark: Option<String>,
}

impl Reader {
    /// The reader for a body that has any record.
    pub(super) fn new(body: &Body, dialect: &Dialect) -> Self {
        let paths: Vec<&Path> = body.files.iter().map(|file| file.path.as_path()).collect();
        let (function, options) = match body.format {
            BodyFormat::Csv => ("read_csv", dialect.options()),
            BodyFormat::Json | BodyFormat::Ndjson => {
                ("read_json", "format = 'newline_delimited', records = true".to_owned())
            }
            BodyFormat::Parquet => ("read_parquet", "union_by_name = true".to_owned()),
        };
        let alike = body.format == BodyFormat::Csv && dialect.same_columns(&paths);
        let widths = paths.iter().map(|path| dialect.for_file(path).width());
        let most_columns = match body.format {
            BodyFormat::Csv if alike => widths.max().unwrap_or(0),
            // Each file may have others.
            BodyFormat::Csv => widths.sum(),
            BodyFormat::Json | BodyFormat::Ndjson | BodyFormat::Parquet => 0,
        };
        let (paths, format, dialect) = (list(&paths), body.format, dialect.clone());
        Self { function, paths, options, format, dialect, alike, most_columns, mark: body.mark.clone() }
    }

    /// How many columns there are at the most, where that is known beforehand.
    pub(super) const fn most_columns(&self) -> Option<usize> {
        if self.most_columns > 0 { Some(self.most_columns) } else { None }
    }

    /// The call that infers types from the first rows of each file, where these show all columns there are.
    pub(super) fn inferring_from_first_rows(&self) -> Option<String> {
        (self.format == BodyFormat::Csv).then(|| self.call(&self.csv_inference(&FIRST_ROWS.to_string())))
    }

    /// The call that infers types from records that show what all of them look like.
    pub(super) fn inferring_from(&self, shapes: &Path) -> String {
        let Self { function, options, .. } = self;
        format!("{function}({}, {options}{JSON_INFERENCE})", list(&[shapes]))
    }

    /// The call that infers types from all of the data.
    pub(super) fn inferring(&self) -> String {
        let inference = match self.format {
            BodyFormat::Csv => self.csv_inference("-1"),
            BodyFormat::Json | BodyFormat::Ndjson => JSON_INFERENCE.to_owned(),
            BodyFormat::Parquet => String::new(),
        };
        self.call(&inference)
    }

    /// The query for all of the data with these types.
    pub(super) fn typed(&self, columns: &[Column]) -> String {
        let pairs = pairs(columns.iter().map(|column| (column.name.as_str(), column.sql_type.as_str())));
        match self.format {
            // Told the columns, the reader doesn't look at the data before it reads it.
            BodyFormat::Csv if self.alike => {
                format!("select * from {}", self.call(&format!("{CSV_DATES}, auto_detect = false, columns = {pairs}")))
            }
            BodyFormat::Csv => {
                let inference = self.csv_inference("-1");
                format!("select * from {}", self.call(&format!("{inference}, types = {pairs}")))
            }
            BodyFormat::Json | BodyFormat::Ndjson => {
                let marked = self.mark.as_ref().map(|mark| unmarked(mark, columns)).unwrap_or_default();
                format!("select *{marked} from {}", self.call(&format!(", columns = {pairs}")))
            }
            BodyFormat::Parquet => {
                let casts: Vec<String> = columns
                    .iter()
                    .map(|column| format!("cast({0} as {1}) as {0}", quoted(&column.name), column.sql_type))
                    .collect();
                format!("select {} from {}", casts.join(", "), self.call(""))
            }
        }
    }

    /// A query that fails at the first line that doesn't fit the header: where types can't be inferred, the reader
    /// does not say which line it was.
    pub(super) fn finding_the_line(&self) -> Option<String> {
        let names: Vec<String> = (0..self.dialect.width()).map(|number| format!("c{number}")).collect();
        let pairs = pairs(names.iter().map(|name| (name.as_str(), "VARCHAR")));
        let call = || self.call(&format!(", auto_detect = false, columns = {pairs}"));
        (self.format == BodyFormat::Csv).then(|| format!("select count(*) from {}", call()))
    }

    /// How the CSV reader infers.
    fn csv_inference(&self, rows: &str) -> String {
        format!(", union_by_name = true, sample_size = {rows}{CSV_DATES}{}", self.dialect.names())
    }

    fn call(&self, more: &str) -> String {
        format!("{}({}, {}{more})", self.function, self.paths, self.options)
    }
}

/// What makes JSON of texts with a mark, behind `select *`; nothing if there is no column that may have them.
fn unmarked(mark: &str, columns: &[Column]) -> String {
    let unmarked = columns.iter().filter_map(|Column { name, sql_type }| {
        let name = quoted(name);
        let rest = |text: &str| format!("substr({text}, {})", mark.len() + 1);
        Some(match sql_type.to_ascii_uppercase().as_str() {
            "JSON" => {
                let (begins, rest) = (literal(&format!("\"{mark}")), rest(&format!("({name} ->> '$')")));
                format!("case when starts_with({name}::varchar, {begins}) then {rest}::json else {name} end as {name}")
            }
            "VARCHAR" => {
                let rest = rest(&name);
                format!("case when starts_with({name}, {}) then {rest} else {name} end as {name}", literal(mark))
            }
            _ => return None,
        })
    });
    let unmarked = unmarked.collect::<Vec<_>>().join(", ");
    if unmarked.is_empty() { unmarked } else { format!(" replace ({unmarked})") }
}

/// Paths as a list of texts.
pub(super) fn list(paths: &[&Path]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| literal(&path.display().to_string())).collect();
    format!("[{}]", paths.join(", "))
}

/// Names and types as the readers want them.
pub(super) fn pairs<'a>(columns: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let pairs = columns.map(|(name, sql_type)| format!("{}: {}", literal(name), literal(sql_type)));
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
}
