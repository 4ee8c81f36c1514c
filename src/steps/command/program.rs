//! The program of a `command` step, ready to be started.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use chrono::SecondsFormat;
use tokio::process::{Child, Command};

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::step::CommandStep;
use crate::steps::StepContext;

use super::account::run_as;

/// A program with everything rendered.
pub(super) struct Program {
    name: String,
    directory: PathBuf,
    user: Option<String>,
    command: Command,
}

impl Program {
    /// Renders the step's texts.
    pub(super) fn new(step: &CommandStep, context: &StepContext) -> Result<Self, Failure> {
        let scope = &context.scope;
        let name = scope.text(&step.program)?;
        let directory = step.cwd.as_ref().map_or_else(|| context.base.clone(), |cwd| context.base.join(cwd));
        // A name is looked up in PATH; a path starts, like all paths of a job file, at the file's folder.
        let program = if name.contains('/') { context.base.join(&name) } else { PathBuf::from(&name) };
        let mut command = Command::new(program);
        for argument in &step.args {
            command.arg(scope.text(argument)?);
        }
        if let Some(user) = &step.user {
            run_as(user, &mut command)?;
        }
        for (key, value) in &step.env {
            command.env(key, scope.text(value)?);
        }
        command
            .env("WINDLASS_RUN_ID", context.run.to_string())
            .env("WINDLASS_JOB", &scope.run.job)
            .env("WINDLASS_STEP", &context.step_id)
            .env("WINDLASS_ATTEMPT", context.attempt.to_string())
            .env("WINDLASS_SCHEDULED_FOR", scope.run.scheduled_for.to_rfc3339_opts(SecondsFormat::AutoSi, true))
            .current_dir(&directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        match context.lock_token {
            Some(token) => command.env("WINDLASS_LOCK_TOKEN", token.to_string()),
            // The daemon's own environment must not hand on a token of something else.
            None => command.env_remove("WINDLASS_LOCK_TOKEN"),
        };
        Ok(Self { name, directory, user: step.user.clone(), command })
    }

    /// The program as the job file names it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Starts it.
    pub(super) fn start(&mut self) -> Result<Child, Failure> {
        self.command.spawn().map_err(|error| self.not_started(&error))
    }

    fn not_started(&self, error: &std::io::Error) -> Failure {
        let failure = |what: String| Failure::permanent(Code::CommandStart, Side::Internal, what);
        let (name, directory) = (&self.name, self.directory.display());
        if !Path::new(&self.directory).is_dir() {
            return failure(format!("starting `{name}`: its working directory `{directory}` is not a folder"))
                .with_hint("check `cwd`; a relative one starts at the job file's folder");
        }
        let hint = match error.kind() {
            std::io::ErrorKind::NotFound if name.contains('/') => {
                "no such file; a relative path starts at the job file's folder, and the interpreter named in its \
                 first line must exist too"
            }
            std::io::ErrorKind::NotFound => "it is not in the daemon's PATH; give its full path",
            std::io::ErrorKind::PermissionDenied if self.user.is_some() => {
                "`user` must be allowed to execute it, through every folder on the way"
            }
            std::io::ErrorKind::PermissionDenied => "it is not executable by the daemon's user: chmod +x",
            _ if error.raw_os_error() == Some(nix::libc::ENOEXEC) => "a script needs a first line such as `#!/bin/sh`",
            _ => "check program, args and env",
        };
        failure(format!("starting `{name}` in `{directory}`: {error}")).with_hint(hint)
    }
}
