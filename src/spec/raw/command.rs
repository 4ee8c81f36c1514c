use schemars::JsonSchema;
use serde::Deserialize;

use super::{Length, Pairs, Scalar};

/// Runs a program in a process group of its own. It runs at least once: after a crash it may run again.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Command")]
pub(crate) struct RawCommand {
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
}
