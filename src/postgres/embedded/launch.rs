//! Starting the server and waiting until it answers.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::process::Child;
use std::time::{Duration, Instant};

use super::account::Account;
use super::binaries::Binaries;
use super::error::EmbeddedError;
use super::layout::Layout;
use super::postmaster;
use crate::postgres::server::Server;

/// How long a server may take to answer. It comes up in well under a second; after a crash it first replays its log,
/// which can take minutes.
const PATIENCE: Duration = Duration::from_mins(5);

/// How long a start is repeated while processes of a killed server are still on their way out.
const LEFTOVER_PATIENCE: Duration = Duration::from_secs(10);

/// Pause between two looks at a server that is coming up.
const PAUSE: Duration = Duration::from_millis(25);

/// The server's largest log file that is kept at a start.
const LARGEST_LOG: u64 = 8 * 1024 * 1024;

/// Settings of every embedded server. `fsync` stays on: the state of all runs is in it.
const SETTINGS: &[(&str, &str)] = &[
    ("listen_addresses", ""),
    ("unix_socket_permissions", "0700"),
    ("max_connections", "100"),
    // Steps ask for four workers or so each; the rest is for the server's own background processes.
    ("max_worker_processes", "16"),
    ("max_parallel_workers", "12"),
    ("shared_buffers", "128MB"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("logging_collector", "on"),
    ("log_directory", "log"),
    // One file a weekday, begun anew when it is a week old.
    ("log_filename", "server-%a.log"),
    ("log_truncate_on_rotation", "on"),
    ("log_rotation_age", "1d"),
    ("log_rotation_size", "0"),
    ("log_line_prefix", "%m [%p] %a "),
    ("log_min_error_statement", "panic"),
];

/// What a start needs to know.
pub(super) struct Launch<'a> {
    pub(super) layout: &'a Layout,
    pub(super) account: &'a Account,
    pub(super) binaries: &'a Binaries,
    pub(super) options: &'a BTreeMap<String, String>,
    pub(super) port: u16,
}

impl Launch<'_> {
    /// Makes sure that the server answers; returns its process if it was started here. The caller holds the start lock
    /// and the users' lock.
    pub(super) async fn ensure(&self, server: &Server) -> Result<Option<Child>, EmbeddedError> {
        let (begun, mut child) = (Instant::now(), None::<Child>);
        loop {
            let refusal = match server.connect("windlass-embedded").await {
                Ok(_session) => break,
                Err(error) => error,
            };
            // An answer with an SQLSTATE: it is coming up or going down.
            let answered = refusal.sqlstate.is_some();
            if answered && !refusal.is("57P03") {
                return Err(EmbeddedError::start("connecting to", refusal));
            }
            let ended = child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if let Some(status) = ended {
                let words = self.last_words();
                // Processes of a server that was killed hold its shared memory until they have noticed.
                if !words.contains("still in use") || begun.elapsed() > LEFTOVER_PATIENCE {
                    let message = if words.is_empty() { status.to_string() } else { words };
                    return Err(EmbeddedError::start("starting", message)
                        .with_hint(format!("its log is in {}", self.layout.data.join("log").display())));
                }
                child = None;
            }
            if !answered && child.is_none() && !postmaster::is_alive(self.layout) {
                child = Some(self.spawn()?);
            }
            if begun.elapsed() > PATIENCE {
                return Err(EmbeddedError::start("waiting for", refusal)
                    .with_hint(format!("its log is in {}", self.layout.data.join("log").display())));
            }
            tokio::time::sleep(PAUSE).await;
        }
        match std::fs::remove_file(&self.layout.starting) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(EmbeddedError::file("starting", &self.layout.starting, &error))
            }
            _ => Ok(child),
        }
    }

    fn spawn(&self) -> Result<Child, EmbeddedError> {
        let file =
            |path: &std::path::Path| File::create(path).map_err(|error| EmbeddedError::file("starting", path, &error));
        postmaster::remove_traces(self.layout, self.port)?;
        self.drop_large_logs();
        file(&self.layout.starting)?;
        let words = file(&self.layout.first_words)?;
        let words_too = words.try_clone().map_err(|error| EmbeddedError::start("starting", error))?;
        let program = self.binaries.program("postgres");
        let mut command = self.account.command(&program);
        command.arg("-D").arg(&self.layout.data);
        command.arg("-c").arg(format!("unix_socket_directories={}", self.layout.socket.display()));
        let chosen = self.options.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in SETTINGS.iter().copied().chain(chosen) {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        command.process_group(0).stdout(words).stderr(words_too);
        command.spawn().map_err(|error| EmbeddedError::file("starting", &program, &error))
    }

    /// What the server said before it ended: the lines that tell why.
    fn last_words(&self) -> String {
        let mut texts = vec![std::fs::read_to_string(&self.layout.first_words).unwrap_or_default()];
        let logs = std::fs::read_dir(self.layout.data.join("log")).into_iter().flatten().flatten();
        let newest = logs.max_by_key(|entry| entry.metadata().and_then(|metadata| metadata.modified()).ok());
        texts.extend(newest.and_then(|entry| std::fs::read_to_string(entry.path()).ok()));
        let told = |line: &&str| ["FATAL:", "PANIC:", "DETAIL:", "HINT:"].iter().any(|word| line.contains(word));
        let tail = |text: &String| {
            let lines: Vec<&str> = text.lines().filter(told).collect();
            lines.iter().skip(lines.len().saturating_sub(3)).map(|line| (*line).trim().to_owned()).collect::<Vec<_>>()
        };
        texts.iter().map(tail).find(|lines| !lines.is_empty()).unwrap_or_default().join("; ")
    }

    /// Removes log files that grew beyond bounds within their week. Best effort: a log must not stop a start.
    fn drop_large_logs(&self) {
        let logs = std::fs::read_dir(self.layout.data.join("log")).into_iter().flatten().flatten();
        for log in logs.filter(|log| log.metadata().is_ok_and(|metadata| metadata.len() > LARGEST_LOG)) {
            drop(std::fs::remove_file(log.path()));
        }
    }
}
