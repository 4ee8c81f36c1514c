use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::template::{SqlText, Text};

use super::CommandStep;

/// Brings outside data into a table, all of it in one transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CollectStep {
    /// Where the data comes from.
    pub source: CollectSource,
    /// Where it goes.
    pub into: Into,
    /// What must hold before anything is loaded.
    pub expect: Expect,
    /// Whether `replace` may leave the table empty.
    pub allow_empty: bool,
}

/// Where collected data comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CollectSource {
    /// An HTTP server.
    Http(Box<HttpSource>),
    /// Local files.
    File(FileSource),
    /// A query on a connection.
    Query(QuerySource),
    /// A program's output.
    Command(Box<CommandSource>),
}

/// How the bytes are to be read. Gzip is recognised by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BodyFormat {
    /// One JSON document; `records` says where the array of records is.
    Json,
    /// One JSON object per line.
    Ndjson,
    /// Comma-separated values with a header.
    Csv,
    /// Apache Parquet (files only).
    Parquet,
}

/// Data from an HTTP server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpSource {
    /// The request whose answer is the data. With a report: the download, where `{{ report.<field> }}` is a field of
    /// the answer to `create`.
    pub request: HttpRequest,
    /// How the body is to be read.
    pub format: BodyFormat,
    /// JSON pointer to the array of records (RFC 6901); the whole document if none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<String>,
    /// Largest body in bytes, after decompression.
    pub max_bytes: u64,
    /// A report that is made on request, polled, downloaded and deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
}

/// One HTTP request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// The method, in capitals.
    pub method: String,
    /// The address, `http` or `https`.
    pub url: Text,
    /// Headers.
    #[serde(default)]
    pub headers: Vec<(String, Text)>,
    /// Query parameters, added to those of the address.
    #[serde(default)]
    pub query: Vec<(String, Text)>,
    /// The body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Text>,
    /// Who we are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<HttpAuth>,
}

/// How a request says who we are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpAuth {
    /// `Authorization: Basic`.
    Basic {
        /// User.
        user: Text,
        /// Password.
        password: Text,
    },
    /// `Authorization: Bearer`.
    Bearer(Text),
}

/// A report: create, poll until ready, download, delete what was created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Makes the report. The answer is a JSON object, `report` in later templates.
    pub create: HttpRequest,
    /// Says whether it is ready.
    pub poll: Poll,
    /// Deletes it; also done after failure, timeout and cancel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete: Option<HttpRequest>,
}

/// Waiting for a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Poll {
    /// Asks for its state. The answer is a JSON object, `poll` in `until`.
    pub request: HttpRequest,
    /// A template expression that is true when the report is ready, for example `poll.status == 'BUILT'`.
    pub until: String,
    /// Pause between two looks.
    pub every: Duration,
    /// Longest wait.
    pub timeout: Duration,
}

/// Data from local files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileSource {
    /// A path or a glob; relative to the job file.
    pub path: Text,
    /// How the files are to be read; `None`: by their ending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<BodyFormat>,
    /// JSON pointer to the array of records, for JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<String>,
    /// The folder that a relative path starts from.
    pub base: std::path::PathBuf,
}

/// Data from a program's output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandSource {
    /// The program.
    pub command: CommandStep,
    /// How its output is to be read.
    pub format: BodyFormat,
    /// JSON pointer to the array of records, for JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<String>,
    /// Largest output in bytes, also after decompression.
    pub max_bytes: u64,
}

/// Data from a query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuerySource {
    /// The connection's name, PostgreSQL or DuckDB.
    pub connection: String,
    /// The query: one statement that returns rows.
    pub statement: SqlText,
}

/// Where collected data goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Into {
    /// The connection's name, PostgreSQL or DuckDB.
    pub connection: String,
    /// The table: `name` or `schema.name`. Made from the data if it doesn't exist.
    pub table: Text,
    /// What happens to what is there.
    pub mode: LoadMode,
    /// Columns that tell rows apart, for `upsert`.
    #[serde(default)]
    pub key: Vec<String>,
    /// Declared types; others are inferred from the data.
    #[serde(default)]
    pub columns: Vec<ColumnType>,
}

/// A column's declared type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnType {
    /// The column.
    pub name: String,
    /// The type, in the target's words.
    pub sql_type: String,
}

/// What happens to the rows that a table holds already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoadMode {
    /// They are replaced.
    #[default]
    Replace,
    /// They stay; a run's rows are added once, however often the step is tried.
    Append,
    /// Rows of the same key are replaced, others stay.
    Upsert,
}

/// What must hold before anything is loaded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Expect {
    /// Bounds on the number of rows.
    pub rows: Option<RowBounds>,
    /// Columns that must be there.
    pub columns: Vec<String>,
    /// Columns without a missing value.
    pub not_null: Vec<String>,
    /// Columns that together tell rows apart; none if empty.
    pub unique: Vec<String>,
}

/// Bounds on a number of rows, both included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RowBounds {
    /// At least so many.
    pub min: Option<u64>,
    /// At most so many.
    pub max: Option<u64>,
}

impl RowBounds {
    /// What is wrong with `rows`, in words; `None` if it is within.
    pub fn complaint(self, rows: u64) -> Option<String> {
        match (self.min, self.max) {
            (Some(min), _) if rows < min => Some(format!("expected at least {min} rows, found {rows}")),
            (_, Some(max)) if rows > max => Some(format!("expected at most {max} rows, found {rows}")),
            _ => None,
        }
    }
}
