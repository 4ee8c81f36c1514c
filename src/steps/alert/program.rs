//! An alert handed to a program: as JSON on its standard input, its main parts in its environment.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::{Instant, timeout};

use crate::domain::alert::{Message, NotifyCommand, plain_text};
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::steps::command::{ProcessGroup, Tail, each_line};

/// How long it gets to end by itself after it was asked to.
const GRACE: Duration = Duration::from_secs(2);

/// Runs it to its end.
pub(super) async fn run(
    command: &NotifyCommand,
    message: &Message,
    env: &BTreeMap<String, String>,
    base: &Path,
) -> Result<String, Failure> {
    let (name, mut program) = prepared(command, message, env, base)?;
    let mut child = program.spawn().map_err(|error| {
        let message = format!("starting `{name}` for an alert: {error}");
        Failure::permanent(Code::CommandStart, Side::Target, message).with_hint("check `notify.command.program`")
    })?;
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    let group = ProcessGroup::led_by(id.ok_or_else(|| Failure::bug("a program has no process id"))?);
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
        return Err(Failure::bug("a program was started without its input or output"));
    };
    let json = serde_json::to_vec(message).unwrap_or_default();
    let (mut said, mut tail) = (Tail::default(), Tail::default());
    let work = async {
        let feeding = async move {
            // A program that doesn't read its input has all that it wants.
            drop(stdin.write_all(&json).await);
            drop(stdin);
        };
        let mut waiting = pin!(async { tokio::join!(child.wait(), feeding).0 });
        let output = each_line(stdout, |line| said.push(line));
        let complaints = each_line(stderr, |line| tail.push(line));
        let mut listening = pin!(async { tokio::join!(output, complaints) });
        tokio::select! {
            // A process that it left behind may keep the output open.
            status = &mut waiting => {
                timeout(GRACE, listening).await.ok();
                status
            }
            _ = &mut listening => waiting.await,
        }
    };
    let status = timeout(command.timeout, work).await;
    if !matches!(status, Ok(Ok(_))) {
        group.terminate();
        timeout(GRACE, child.wait()).await.ok();
        group.kill();
        timeout(GRACE, child.wait()).await.ok();
    }
    group.end(Instant::now() + GRACE).await;
    let failed = |what: String| {
        let words = tail.text().map_or_else(String::new, |tail| format!("; stderr: {tail}"));
        Failure::transient(Code::CommandFailed, Side::Target, format!("`{name}`, run for an alert, {what}{words}"))
    };
    match status {
        Ok(Ok(status)) if status.success() => Ok(said.text().unwrap_or_else(|| "exit code 0".to_owned())),
        Ok(Ok(status)) => Err(failed(match (status.code(), status.signal()) {
            (Some(code), _) => format!("ended with exit code {code}"),
            (None, Some(signal)) => format!("was ended by signal {signal}"),
            (None, None) => format!("ended with {status}"),
        })),
        Ok(Err(error)) => Err(failed(format!("can't be waited for: {error}"))),
        Err(_) => Err(failed(format!("took longer than {}", humantime::format_duration(command.timeout)))),
    }
}

/// The program's name, and all that it is started with.
fn prepared(
    command: &NotifyCommand,
    message: &Message,
    env: &BTreeMap<String, String>,
    base: &Path,
) -> Result<(String, Command), Failure> {
    let name = plain_text(&command.program.0, message, env)?;
    let path = if name.contains('/') { base.join(&name) } else { PathBuf::from(&name) };
    let mut program = Command::new(path);
    for argument in &command.args {
        program.arg(plain_text(&argument.0, message, env)?);
    }
    for (key, value) in parts(message) {
        program.env(key, value);
    }
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    Ok((name, program))
}

/// What the program's environment has of it.
fn parts(message: &Message) -> Vec<(&'static str, String)> {
    let mut parts = vec![
        ("WINDLASS_ALERT_ID", message.id.clone()),
        ("WINDLASS_ALERT", message.kind.clone()),
        ("WINDLASS_ALERT_TITLE", message.title.clone()),
        ("WINDLASS_ALERT_TEXT", message.text.clone()),
        ("WINDLASS_JOB", message.job.clone()),
    ];
    let more = [
        ("WINDLASS_RUN_ID", &message.run),
        ("WINDLASS_RUN_URL", &message.url),
        ("WINDLASS_STEP", &message.step),
        ("WINDLASS_CODE", &message.code),
    ];
    parts.extend(more.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))));
    // A zero byte can't be in an environment.
    parts.into_iter().map(|(key, value)| (key, value.replace('\0', "\u{fffd}"))).collect()
}
