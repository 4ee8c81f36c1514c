//! Data from a program's output.

use std::path::Path;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::ChildStdout;

use super::bytes;
use super::fetch::{Raw, RawFile, not_as_promised};
use crate::domain::failure::Failure;
use crate::domain::progress::Progress;
use crate::domain::step::CommandSource;
use crate::steps::StepContext;
use crate::steps::command;
use crate::steps::spool::Spool;

/// How much is read at once.
const BUFFER: usize = 256 * 1024;

/// Runs the program and keeps all that it writes. What it says on stderr goes to the log, line by line.
pub(super) async fn fetch(source: &CommandSource, spool: &Spool, context: &StepContext) -> Result<Raw, Failure> {
    let path = spool.path("output");
    let label = format!("the output of `{}`", context.scope.text(&source.command.program)?);
    let keeping = async |stdout| keep(stdout, &path, source.max_bytes, &label, context).await;
    let bytes = Box::pin(command::execute(&source.command, context, keeping)).await?;
    let bytes = bytes.ok_or_else(|| {
        not_as_promised(&label, "the program has ended, but a process that left its group keeps the output open")
    })?;
    let (format, records) = (source.format, source.records.clone());
    let files = vec![RawFile { path, label, charset: None }];
    Ok(Raw { files, format, records, max_bytes: Some(source.max_bytes), bytes })
}

async fn keep(
    mut stdout: ChildStdout,
    path: &Path,
    max_bytes: u64,
    label: &str,
    context: &StepContext,
) -> Result<u64, Failure> {
    let disk = |error: std::io::Error| bytes::disk(&error);
    let mut file = tokio::fs::File::create(path).await.map_err(disk)?;
    let (mut buffer, mut all) = (vec![0; BUFFER], 0);
    loop {
        let read = stdout.read(&mut buffer).await.map_err(|error| not_as_promised(label, error))?;
        if read == 0 {
            break;
        }
        all += read as u64;
        if all > max_bytes {
            let what = format!("it is larger than `max_bytes` allows: {max_bytes}");
            return Err(not_as_promised(label, what).with_hint("raise `max_bytes` if the program is right"));
        }
        file.write_all(&buffer[..read]).await.map_err(disk)?;
        context.host.progress(Progress { bytes: Some(all), ..Progress::phase("running the program") });
    }
    file.flush().await.map_err(disk)?;
    Ok(all)
}
