use schemars::JsonSchema;
use serde::Deserialize;

use super::{Length, Pairs, Scalar, Unused};
use crate::domain::step::{BodyFormat, LoadMode};

/// Brings outside data into a table, all of it in one transaction. Exactly one source.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Collect")]
pub(crate) struct RawCollect {
    /// Data from an HTTP server.
    pub(crate) http: Option<RawHttp>,
    /// Data from local files.
    pub(crate) file: Option<RawFileSource>,
    /// Data from a query on a connection.
    pub(crate) query: Option<RawQuery>,
    /// Data from a program's output.
    pub(crate) command: Option<RawCommandSource>,
    /// Where the data goes.
    #[schemars(required)]
    pub(crate) into: Option<RawInto>,
    /// What must hold before anything is loaded.
    pub(crate) expect: Option<RawExpect>,
    /// Whether `mode: replace` may leave the table empty. Default: false.
    pub(crate) allow_empty: Option<bool>,
}

/// Data from an HTTP server.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HttpSource")]
pub(crate) struct RawHttp {
    /// The address of the data. With `report`: of the download, where `{{ report.<field> }}` is a field of what
    /// `create` answered.
    #[schemars(required)]
    pub(crate) url: Option<String>,
    /// The method. Default: GET.
    pub(crate) method: Option<String>,
    /// Headers.
    pub(crate) headers: Option<Pairs<Scalar>>,
    /// Query parameters, added to those of the address.
    pub(crate) query: Option<Pairs<Scalar>>,
    /// The request's body.
    pub(crate) body: Option<String>,
    /// Who we are.
    pub(crate) auth: Option<RawAuth>,
    /// How the answer is to be read: json, ndjson or csv. Default: json.
    pub(crate) format: Option<BodyFormat>,
    /// JSON pointer to the array of records, for example `/data/rows`. Default: the whole document.
    pub(crate) records: Option<String>,
    /// No effect yet.
    pub(crate) paginate: Option<Unused>,
    /// A report that is created, polled until ready, downloaded and deleted.
    pub(crate) report: Option<RawReport>,
    /// No effect yet.
    pub(crate) rate_limit: Option<Unused>,
    /// Largest answer in bytes, after decompression. Default: 1073741824.
    pub(crate) max_bytes: Option<u64>,
}

/// How a request says who we are: `basic` or `bearer`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HttpAuth")]
pub(crate) struct RawAuth {
    /// User and password.
    pub(crate) basic: Option<RawBasicAuth>,
    /// A token.
    pub(crate) bearer: Option<String>,
}

/// User and password.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BasicAuth")]
pub(crate) struct RawBasicAuth {
    /// The user.
    #[schemars(required)]
    pub(crate) user: Option<String>,
    /// The password; take it from the environment: `{{ env.NAME }}`.
    #[schemars(required)]
    pub(crate) password: Option<String>,
}

/// A report that is made on request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Report")]
pub(crate) struct RawReport {
    /// Makes the report. Its answer, a JSON object, is `report` in later templates. Default method: POST.
    #[schemars(required)]
    pub(crate) create: Option<RawRequest>,
    /// Asks whether it is ready.
    #[schemars(required)]
    pub(crate) poll: Option<RawPoll>,
    /// Deletes it; also done after a failure, a timeout and a cancel. Default method: DELETE.
    pub(crate) delete: Option<RawRequest>,
}

/// A request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Request")]
pub(crate) struct RawRequest {
    /// The address.
    #[schemars(required)]
    pub(crate) url: Option<String>,
    /// The method.
    pub(crate) method: Option<String>,
    /// Headers.
    pub(crate) headers: Option<Pairs<Scalar>>,
    /// Query parameters, added to those of the address.
    pub(crate) query: Option<Pairs<Scalar>>,
    /// The request's body.
    pub(crate) body: Option<String>,
    /// Who we are. Default: as for the download.
    pub(crate) auth: Option<RawAuth>,
}

/// Waiting for a report.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Poll")]
pub(crate) struct RawPoll {
    /// The address of the report's state.
    #[schemars(required)]
    pub(crate) url: Option<String>,
    /// The method. Default: GET.
    pub(crate) method: Option<String>,
    /// Headers.
    pub(crate) headers: Option<Pairs<Scalar>>,
    /// Query parameters, added to those of the address.
    pub(crate) query: Option<Pairs<Scalar>>,
    /// The request's body.
    pub(crate) body: Option<String>,
    /// Who we are. Default: as for the download.
    pub(crate) auth: Option<RawAuth>,
    /// An expression that is true when the report is ready, for example `poll.status == 'BUILT'`.
    #[schemars(required)]
    pub(crate) until: Option<String>,
    /// Pause between two looks. Default: 2s.
    pub(crate) every: Option<Length>,
    /// Longest wait. Default: 30m.
    pub(crate) timeout: Option<Length>,
}

/// Data from local files.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FileSource")]
pub(crate) struct RawFileSource {
    /// A path or a glob, relative to the job file.
    #[schemars(required)]
    pub(crate) path: Option<String>,
    /// How the files are to be read. Default: by their ending.
    pub(crate) format: Option<BodyFormat>,
    /// JSON pointer to the array of records, for JSON.
    pub(crate) records: Option<String>,
    /// No effect yet.
    pub(crate) only_new: Option<Unused>,
}

/// Data from a program's output.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CommandSource")]
pub(crate) struct RawCommandSource {
    /// The program: a path, or a name looked up in PATH. No shell is involved.
    #[schemars(required)]
    pub(crate) program: Option<String>,
    /// Its arguments.
    pub(crate) args: Option<Vec<Scalar>>,
    /// Environment variables added to the daemon's own.
    pub(crate) env: Option<Pairs<Scalar>>,
    /// Its working directory. Default: the job file's folder.
    pub(crate) cwd: Option<String>,
    /// Time between TERM and KILL when it is stopped. Default: 10s.
    pub(crate) grace: Option<Length>,
    /// How its output is to be read: ndjson, json or csv. Default: ndjson.
    pub(crate) format: Option<BodyFormat>,
    /// JSON pointer to the array of records, for JSON.
    pub(crate) records: Option<String>,
    /// Largest output in bytes, also after decompression. Default: 1073741824.
    pub(crate) max_bytes: Option<u64>,
}

/// Data from a query on a connection.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "QuerySource")]
pub(crate) struct RawQuery {
    /// The connection, PostgreSQL or DuckDB.
    #[schemars(required)]
    pub(crate) connection: Option<String>,
    /// The query: one statement that returns rows.
    pub(crate) statement: Option<String>,
    /// A file that holds the query, relative to the job file.
    pub(crate) file: Option<String>,
}

/// Where collected data goes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Into")]
pub(crate) struct RawInto {
    /// The connection, PostgreSQL or DuckDB.
    #[schemars(required)]
    pub(crate) connection: Option<String>,
    /// The table: `name` or `schema.name`. It is made if it doesn't exist.
    #[schemars(required)]
    pub(crate) table: Option<String>,
    /// What happens to the rows that are there. Default: replace.
    pub(crate) mode: Option<LoadMode>,
    /// Columns that tell rows apart, for `mode: upsert`.
    pub(crate) key: Option<Vec<String>>,
    /// Types of columns, in the target's words; others are inferred.
    pub(crate) columns: Option<Pairs<String>>,
    /// No effect yet.
    pub(crate) new_columns: Option<Unused>,
}

/// What must hold before anything is loaded.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Expect")]
pub(crate) struct RawExpect {
    /// Bounds on the number of rows.
    pub(crate) rows: Option<RawRows>,
    /// Columns that must be there.
    pub(crate) columns: Option<Vec<String>>,
    /// Columns without a missing value.
    pub(crate) not_null: Option<Vec<String>>,
    /// Columns that together tell rows apart.
    pub(crate) unique: Option<Vec<String>>,
    /// No effect yet.
    pub(crate) fresh: Option<Unused>,
}

/// Bounds on a number of rows, both included.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Rows")]
pub(crate) struct RawRows {
    /// At least so many.
    pub(crate) min: Option<u64>,
    /// At most so many.
    pub(crate) max: Option<u64>,
    /// No effect yet.
    pub(crate) drop_at_most: Option<Unused>,
}
