//! What is known around a job file while it is checked.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

/// What a connection leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionKind {
    /// A PostgreSQL database.
    Postgres,
    /// A DuckDB file.
    DuckDb,
}

impl ConnectionKind {
    /// The product's name.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::DuckDb => "DuckDB",
        }
    }
}

/// What is known around a job file: with it, names in the file can be checked that lead out of it.
#[derive(Clone, Debug)]
pub struct Known {
    /// The time, to see whether a schedule will ever be due.
    pub now: DateTime<Utc>,
    /// Connections by name; `None` if the settings aren't known.
    pub connections: Option<BTreeMap<String, ConnectionKind>>,
    /// Environment variables that templates may read; `None` if the settings aren't known.
    pub env: Option<BTreeSet<String>>,
}

impl Known {
    /// Only the time is known: connections and environment variables aren't checked.
    pub const fn only_time(now: DateTime<Utc>) -> Self {
        Self { now, connections: None, env: None }
    }
}
