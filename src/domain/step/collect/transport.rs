use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::template::Text;

/// How an HTTP server is reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Transport {
    /// Certificates, ours and those to trust.
    pub tls: TlsFiles,
    /// How many redirects are followed.
    pub redirects: u32,
    /// Longest time for a connection, TLS included.
    pub connect: Duration,
    /// Longest time from the request to the beginning of the answer.
    pub first_byte: Duration,
    /// Longest silence within an answer.
    pub idle: Duration,
}

impl Default for Transport {
    fn default() -> Self {
        Self {
            tls: TlsFiles::default(),
            // What browsers and curl would follow, and no more than a careless server needs.
            redirects: 10,
            // As for PostgreSQL.
            connect: Duration::from_secs(10),
            // Long, because the data may be computed while we wait; the step's own timeout is the one to set.
            first_byte: Duration::from_mins(5),
            idle: Duration::from_mins(2),
        }
    }
}

impl Transport {
    /// Whether it is what a job file gets that says nothing.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Files in PEM form; relative to the job file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TlsFiles {
    /// Certificates that are trusted besides those of the machine.
    pub ca_file: Option<Text>,
    /// Our certificate and those that lead to it.
    pub cert_file: Option<Text>,
    /// Its key.
    pub key_file: Option<Text>,
}
