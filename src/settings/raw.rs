//! `windlass.yaml` as written: plain structs, every key of the file.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::role::Role;
use crate::spec::authored::{Length, Pairs, RawNotify};

/// The daemon's settings.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Settings")]
pub(super) struct RawSettings {
    /// Folder for the embedded PostgreSQL, logs of runs and spooled bodies.
    pub(super) data_dir: Option<String>,
    /// Folder of job files. Default: `jobs` beside this file.
    pub(super) jobs_dir: Option<String>,
    /// The state database. Default: an embedded PostgreSQL under `data_dir`.
    pub(super) state: Option<RawState>,
    /// The HTTP server.
    pub(super) http: Option<RawHttp>,
    /// Databases that jobs use, by name.
    pub(super) connections: Option<Pairs<RawConnection>>,
    /// How object stores are reached: by `s3`, `gs` or `az`, or by the address of one bucket, `s3://bucket`.
    pub(super) objects: Option<Pairs<RawObjects>>,
    /// Classes of locks whose capacity is not 1.
    pub(super) locks: Option<Pairs<RawLock>>,
    /// How runs are run.
    pub(super) runner: Option<RawRunner>,
    /// How long things are kept.
    pub(super) retention: Option<RawRetention>,
    /// Logs of the daemon.
    pub(super) logging: Option<RawLogging>,
    /// Who is told of what, for all jobs without a `notify` of their own.
    pub(super) notify: Option<RawNotify>,
    /// Environment variables that templates may read: `{{ env.NAME }}`.
    pub(super) env: Option<Vec<String>>,
}

/// The state database.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "State")]
pub(super) struct RawState {
    /// A PostgreSQL database.
    #[schemars(required)]
    pub(super) postgres: Option<RawPostgres>,
}

/// The HTTP server.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Http")]
pub(super) struct RawHttp {
    /// Address and port. Default: 127.0.0.1:8321.
    pub(super) listen: Option<String>,
    /// File that holds a token for reading and acting; short for one entry `token` of `tokens` that may operate.
    pub(super) token_file: Option<String>,
    /// Who may read and act. Without any token everybody may, and the address must be a loopback one.
    pub(super) tokens: Option<Vec<RawToken>>,
    /// The address that people reach this server by, if it stands behind another: `https://windlass.example.com`.
    pub(super) public_url: Option<String>,
}

/// A token for the API and the pages.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Token")]
pub(super) struct RawToken {
    /// Who has it; actions are recorded under this name.
    #[schemars(required)]
    pub(super) name: Option<String>,
    /// `read`: see everything; `operate`: act too.
    #[schemars(required)]
    pub(super) role: Option<Role>,
    /// File that holds the token.
    #[schemars(required)]
    pub(super) token_file: Option<String>,
}

/// A connection: `postgres` or `duckdb`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Connection")]
pub(super) struct RawConnection {
    /// A PostgreSQL database.
    pub(super) postgres: Option<RawPostgres>,
    /// A DuckDB file.
    pub(super) duckdb: Option<RawDuckDb>,
}

/// A PostgreSQL database: `url` or `embedded`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Postgres")]
pub(super) struct RawPostgres {
    /// Its address: `postgres://user@host/database`.
    pub(super) url: Option<String>,
    /// File that holds the password.
    pub(super) password_file: Option<String>,
    /// A database of the embedded server, by name.
    pub(super) embedded: Option<String>,
}

/// A DuckDB file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DuckDb")]
pub(super) struct RawDuckDb {
    /// The file's path. It is made if it doesn't exist.
    #[schemars(required)]
    pub(super) path: Option<String>,
}

/// How an object store, or one bucket of it, is reached. What is absent comes from the environment.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Objects")]
pub(super) struct RawObjects {
    /// The server's address, for whatever isn't the provider's own: `http://minio:9000`.
    pub(super) endpoint: Option<String>,
    /// S3: the region. Default: us-east-1.
    pub(super) region: Option<String>,
    /// S3: whether the bucket stands in the path and not in the host's name. Default: true.
    pub(super) path_style: Option<bool>,
    /// S3: the access key's id.
    pub(super) access_key: Option<String>,
    /// S3: file that holds the secret that belongs to it.
    pub(super) secret_key_file: Option<String>,
    /// Google: file of a service account, or of application credentials.
    pub(super) credentials_file: Option<String>,
    /// Azure: the storage account.
    pub(super) account: Option<String>,
    /// Azure: file that holds its key.
    pub(super) account_key_file: Option<String>,
}

/// A class of locks: what comes before the first slash of a lock's name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Lock")]
pub(super) struct RawLock {
    /// How many runs may hold one lock of the class at a time.
    #[schemars(required)]
    pub(super) capacity: Option<u32>,
}

/// How runs are run.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Runner")]
pub(super) struct RawRunner {
    /// Most runs at a time. Default: 8.
    pub(super) max_runs: Option<u32>,
    /// How long running attempts get to end when the daemon stops. Default: 30s.
    pub(super) drain: Option<Length>,
}

/// How long things are kept.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Retention")]
pub(super) struct RawRetention {
    /// Ended runs. Default: 90d.
    pub(super) runs: Option<Length>,
    /// Logs of attempts. Default: 30d.
    pub(super) logs: Option<Length>,
}

/// Logs of the daemon.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Logging")]
pub(super) struct RawLogging {
    /// How a line looks. Default: console.
    pub(super) format: Option<super::LogFormat>,
    /// Folder of log files. Default: standard error only.
    pub(super) directory: Option<String>,
    /// Only `daily` so far.
    pub(super) rotation: Option<String>,
    /// How many files are kept. Default: 14.
    pub(super) keep: Option<u32>,
}
