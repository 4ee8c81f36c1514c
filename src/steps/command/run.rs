//! One attempt: start, listen, wait, end the group.

use std::os::unix::process::ExitStatusExt;
use std::pin::pin;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::process::{Child, ChildStdout};
use tokio::time::{Instant, timeout, timeout_at};

use super::group::{AFTER_KILL, ProcessGroup};
use super::output::{Tail, each_line};
use super::program::Program;
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::outcome::Outcome;
use crate::domain::progress::Progress;
use crate::domain::step::CommandStep;
use crate::steps::{Level, StepContext, StopSignal};

/// How long output may still come in once the group is gone. What is in the pipes is read in no time; only a process
/// that left the group can keep them open.
const DRAIN: Duration = Duration::from_secs(1);

/// Runs one attempt.
pub(in crate::steps) async fn run(step: &CommandStep, context: &StepContext) -> Result<Outcome, Failure> {
    // Starting a program is its visible effect: nothing can be taken back after it.
    context.unless_stopped(context.host.gate()).await??;
    let logging = async |stdout| {
        each_line(stdout, |line| context.host.log(Level::Info, line)).await;
        Ok(())
    };
    execute(step, context, logging).await?;
    Ok(Outcome { exit_code: Some(0), ..Outcome::default() })
}

/// Runs a program to its end, and `take` over what it writes to its output; its complaints go to the log. A program that
/// fails is a failure, and so is what `take` doesn't like, which stops the program. `None`: the program has ended, but its
/// output has not.
pub(in crate::steps) async fn execute<T>(
    step: &CommandStep,
    context: &StepContext,
    take: impl AsyncFnOnce(ChildStdout) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    let mut program = Program::new(step, context)?;
    context.host.progress(Progress::phase(format!("running {}", program.name())));
    let mut child = program.start()?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(Failure::bug("a program was started without its output"));
    };
    let mut tail = Tail::default();
    let stop = context.stop.child_token();
    let mut taken = None;
    let end = {
        let mut supervision = pin!(supervise(child, step.grace, &stop, context));
        let mut listening = pin!(async {
            let out = async {
                let result = take(stdout).await;
                if result.is_err() {
                    stop.cancel();
                }
                taken = Some(result);
            };
            let complaints = each_line(stderr, |line| {
                tail.push(line);
                context.host.log(Level::Warn, line);
            });
            tokio::join!(out, complaints);
        });
        let mut heard_all = false;
        let end = loop {
            tokio::select! {
                end = &mut supervision => break end,
                () = &mut listening, if !heard_all => heard_all = true,
            }
        };
        if !heard_all && timeout(DRAIN, listening).await.is_err() {
            context.warn("a process that left the group keeps the output open; it is no longer listened to");
        }
        end?
    };
    match (end, taken) {
        _ if context.stop.is_cancelled() => Err(Failure::stopped()),
        (_, Some(Err(failure))) => Err(failure),
        (End::Exited(status), _) if !status.success() => Err(failed(program.name(), status, &tail)),
        (_, taken) => taken.transpose(),
    }
}

/// How it came to an end.
enum End {
    Exited(ExitStatus),
    Stopped,
}

/// Waits for the program's end or for the word to stop, and ends its group in both cases.
async fn supervise(
    mut child: Child,
    grace: Duration,
    stop: &StopSignal,
    context: &StepContext,
) -> Result<End, Failure> {
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    let group = ProcessGroup::led_by(id.ok_or_else(|| Failure::bug("a program has no process id"))?);
    let (end, deadline) = tokio::select! {
        biased;
        () = stop.cancelled() => {
            context.info("stopping the program");
            group.terminate();
            let deadline = Instant::now() + grace;
            if timeout_at(deadline, child.wait()).await.is_err() {
                context.info("the program did not end when asked to; killing it");
                group.kill();
                // One that sits in a dead system call goes when it can; dropped, it is reaped by the runtime.
                timeout(AFTER_KILL, child.wait()).await.ok();
            }
            (End::Stopped, deadline)
        }
        status = child.wait() => {
            let status = status.map_err(|error| Failure::bug(format!("waiting for a program's end: {error}")))?;
            if !group.is_gone() {
                context.info("the program left processes of its group behind; ending them");
                group.terminate();
            }
            (End::Exited(status), Instant::now() + grace)
        }
    };
    if !group.end(deadline).await {
        context.warn("a process of the program's group was killed but has not gone yet");
    }
    Ok(end)
}

fn failed(name: &str, status: ExitStatus, tail: &Tail) -> Failure {
    let end = match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by signal {}", signal_name(signal)),
        (None, None) => format!("ended with {status}"),
    };
    let said = tail.text().map_or_else(|| ", without a word on stderr".to_owned(), |tail| format!("; stderr: {tail}"));
    Failure::transient(Code::CommandFailed, Side::Target, format!("`{name}` {end}{said}"))
        .with_hint("the attempt's log has all of its output: windlass logs RUN")
}

fn signal_name(signal: i32) -> String {
    nix::sys::signal::Signal::try_from(signal).map_or_else(|_| signal.to_string(), |name| format!("{name} ({signal})"))
}
