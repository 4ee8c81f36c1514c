//! Copies a file in a child process: the master's, or a new replica to more places.
//!
//! This process must not open the master's file: closing any descriptor of it would drop DuckDB's lock on it, and another
//! process could write to the master half way through the copy.

use std::path::Path;
use std::process::Stdio;

use tokio::io::AsyncReadExt;
use tokio::process::Command;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::progress::Progress;
use crate::steps::StepContext;

/// Copies `from` to `to` with `cp`, sharing blocks where the file system can.
/// `phase` is what that is called to those who look on.
pub(super) async fn copy(from: &Path, to: &Path, phase: &str, context: &StepContext) -> Result<(), Failure> {
    let bytes = std::fs::metadata(from).map(|found| found.len()).ok();
    let progress = Progress { bytes_expected: bytes, ..Progress::phase(phase) };
    context.host.progress(progress);
    let mut command = Command::new("cp");
    if cfg!(target_os = "linux") {
        command.arg("--reflink=auto");
    }
    // Its messages are read below, so they must not be translated.
    command.arg("--").args([from, to]).env("LC_ALL", "C");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let doing = format!("copying {}", from.display());
    let failed = |message: String| Failure::permanent(Code::ReplicaTarget, Side::Target, format!("{doing}: {message}"));
    let mut child = command.spawn().map_err(|error| failed(format!("starting `cp`: {error}")))?;
    let mut errors = child.stderr.take();
    let mut words = Vec::new();
    let ending = async {
        if let Some(errors) = &mut errors {
            errors.read_to_end(&mut words).await?;
        }
        child.wait().await
    };
    let ended = context.unless_stopped(ending).await;
    if ended.is_err() {
        // Until it is gone it may still write to the file that is to be removed.
        drop(child.kill().await);
    }
    let status = ended?.map_err(|error| failed(error.to_string()))?;
    if status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&words);
    let words = words.trim();
    let full = ["No space left on device", "Disk quota exceeded", "File too large"];
    if full.iter().any(|text| words.contains(text)) || status.to_string().contains("SIGXFSZ") {
        return Err(Failure::transient(Code::DiskFull, Side::Target, format!("{doing}: {words}"))
            .with_hint("free some space: the new file is written in full before the old one goes"));
    }
    Err(failed(format!("`cp` ended with {status}: {words}")))
}
