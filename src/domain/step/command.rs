use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::template::Text;

/// Runs a program in a process group of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandStep {
    /// The program: a path, or a name looked up in PATH. No shell is involved.
    pub program: Text,
    /// Its arguments.
    #[serde(default)]
    pub args: Vec<Text>,
    /// Environment variables added to the daemon's own.
    #[serde(default)]
    pub env: Vec<(String, Text)>,
    /// Its working directory; the job file's folder if none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<PathBuf>,
    /// The system user that it runs as; the daemon's own if none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Time between TERM and KILL when it is stopped.
    pub grace: Duration,
}
