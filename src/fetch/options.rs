//! How a server is reached: certificates, redirects, patience.

use std::path::PathBuf;
use std::time::Duration;

/// How a client reaches its servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// PEM file of certificates that are trusted besides those of the machine.
    pub ca_file: Option<PathBuf>,
    /// PEM files of our certificate and of its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// How many redirects are followed.
    pub redirects: u32,
    /// Longest time for a connection, TLS included.
    pub connect: Duration,
    /// Longest time from the request to the beginning of the answer.
    pub first_byte: Duration,
    /// Longest silence within an answer.
    pub idle: Duration,
}

impl Default for Options {
    fn default() -> Self {
        let usual = crate::domain::step::Transport::default();
        Self {
            ca_file: None,
            identity: None,
            redirects: usual.redirects,
            connect: usual.connect,
            first_byte: usual.first_byte,
            idle: usual.idle,
        }
    }
}
