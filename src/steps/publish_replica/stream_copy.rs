//! Copies the master's file out of a child process, and takes its fingerprint on the way.
//!
//! This process must not open the master, but it may write and digest what a child reads: side by side, so the digest
//! takes hardly any time of its own, and it is that of the very bytes that were written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, PipeReader, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::progress::Progress;
use crate::steps::StepContext;
use crate::steps::replica::{Digesting, Fingerprint, refused};

use super::examine::blocking;

/// How much is written at once, and how much the pipe should hold.
const AT_ONCE: usize = 1 << 20;

/// Pieces that may wait to be digested.
const WAITING: usize = 4;

/// How often progress is told.
const TELL: Duration = Duration::from_millis(200);

/// Copies `from` to `to` and says what went by.
pub(super) async fn copy(from: &Path, to: &Path, context: &StepContext) -> Result<Fingerprint, Failure> {
    let doing = format!("copying {}", from.display());
    let unread = |words: String| Failure::permanent(Code::DuckDbOpen, Side::Source, format!("{doing}: {words}"));
    let master = fs::metadata(from).map_err(|error| unread(error.to_string()))?;
    let mut progress = Progress { bytes_expected: Some(master.len()), ..Progress::phase("copying the master's file") };
    context.host.progress(progress.clone());
    // Who may not read the master may not read its copy either.
    let mode = master.permissions().mode() & 0o777;
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(to);
    let file = file.map_err(|error| refused(&doing, &error))?;
    let (mut child, pipe) = read_by_child(from).map_err(|error| unread(format!("starting `cat`: {error}")))?;
    let passed = Arc::new(AtomicU64::new(0));
    let counting = Arc::clone(&passed);
    let working = async {
        let (written, ended) = tokio::join!(blocking(move || write(&pipe, file, &counting)), ending(&mut child));
        written.map(|written| (written, ended))
    };
    let telling = async {
        loop {
            tokio::time::sleep(TELL).await;
            progress.bytes = Some(passed.load(Ordering::Relaxed));
            context.host.progress(progress.clone());
        }
    };
    let done = context
        .unless_stopped(async {
            tokio::select! { done = working => done, never = telling => never }
        })
        .await;
    let (written, ended) = match done {
        Ok(done) => done?,
        Err(stopped) => {
            // The pipe ends with it, and so does the writing.
            drop(child.kill().await);
            return Err(stopped);
        }
    };
    // A full disk ends the child too, so its own words come second.
    let found = written.map_err(|error| refused(&doing, &error))?;
    ended.map_err(unread)?;
    let copied = passed.load(Ordering::Relaxed);
    if copied != master.len() {
        return Err(unread(format!("it has {} bytes, {copied} were read", master.len())));
    }
    Ok(found)
}

/// Starts a child that reads a file into a pipe.
fn read_by_child(from: &Path) -> io::Result<(Child, PipeReader)> {
    let (pipe, end) = io::pipe()?;
    #[cfg(target_os = "linux")]
    // A wider pipe means fewer turns; a system that allows none is served as well.
    nix::fcntl::fcntl(&pipe, nix::fcntl::FcntlArg::F_SETPIPE_SZ(1 << 20)).unwrap_or_default();
    let mut command = Command::new("cat");
    command.arg("--").arg(from).env("LC_ALL", "C").stdin(Stdio::null()).stdout(end).stderr(Stdio::piped());
    let child = command.kill_on_drop(true).spawn()?;
    // The command, and with it our own copy of the pipe's other end, goes here: else the pipe would never end.
    Ok((child, pipe))
}

/// Waits for the child's end; what it says if that isn't a good one.
async fn ending(child: &mut Child) -> Result<(), String> {
    let mut words = Vec::new();
    if let Some(mut errors) = child.stderr.take() {
        drop(errors.read_to_end(&mut words).await);
    }
    match child.wait().await {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`cat` ended with {status}: {}", String::from_utf8_lossy(&words).trim())),
        Err(error) => Err(error.to_string()),
    }
}

/// Writes what comes out of the pipe, while another thread digests what was written before.
fn write(pipe: &PipeReader, mut file: File, passed: &AtomicU64) -> io::Result<Fingerprint> {
    // A piece, and how much of it is filled.
    let (full, to_digest) = mpsc::sync_channel::<(Vec<u8>, usize)>(WAITING);
    let (empty, again) = mpsc::channel::<Vec<u8>>();
    thread::scope(|scope| {
        let digesting = thread::Builder::new().name("digest".to_owned()).spawn_scoped(scope, move || {
            let mut digesting = Digesting::default();
            for (piece, length) in to_digest {
                digesting.pass(&piece[..length]);
                // Nobody needs it any more once all is written.
                drop(empty.send(piece));
            }
            digesting.finish()
        })?;
        loop {
            let mut piece = again.try_recv().unwrap_or_else(|_| vec![0; AT_ONCE]);
            let length = fill(pipe, &mut piece)?;
            file.write_all(&piece[..length])?;
            passed.fetch_add(length as u64, Ordering::Relaxed);
            if length == 0 || full.send((piece, length)).is_err() {
                break;
            }
        }
        drop(full);
        digesting.join().map_err(|_| io::Error::other("digesting it panicked"))
    })
}

/// Fills a piece as far as the pipe goes. Says how far; nothing means that it has ended.
fn fill(mut pipe: &PipeReader, piece: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < piece.len() {
        match pipe.read(&mut piece[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}
