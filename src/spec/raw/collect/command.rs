use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::step::BodyFormat;
use crate::spec::raw::{Length, Pairs, Scalar};

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
    /// The system user that it runs as, for a daemon that runs as root. Default: the daemon's own.
    pub(crate) user: Option<String>,
    /// Time between TERM and KILL when it is stopped. Default: 10s.
    pub(crate) grace: Option<Length>,
    /// How its output is to be read: ndjson, json or csv. Default: ndjson.
    pub(crate) format: Option<BodyFormat>,
    /// JSON pointer to the array of records, for JSON.
    pub(crate) records: Option<String>,
    /// Largest output in bytes, also after decompression. Default: 1073741824.
    pub(crate) max_bytes: Option<u64>,
}
