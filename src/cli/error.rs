//! How a command fails: with which exit code, and what it says on standard error.

use std::process::ExitCode;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::store::StoreError;

/// What the exit code says (design, section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// The run failed.
    RunFailed = 1,
    /// The input is wrong: usage, job file, settings.
    BadInput = 2,
    /// A needed service can't be reached.
    Unreachable = 3,
    /// Interrupted by the user.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command ends early.
#[derive(Debug)]
pub(super) enum CliError {
    /// Something is to be said about it.
    Failed {
        /// The exit code.
        exit: Exit,
        /// What went wrong.
        failure: Box<Failure>,
    },
    /// Everything has been said already.
    Told(Exit),
    /// Nobody reads standard output any more; not an error.
    ReaderGone,
}

impl CliError {
    /// A failure with the exit code that goes with its code.
    pub(super) fn new(failure: Failure) -> Self {
        Self::Failed { exit: exit_of(failure.code), failure: Box::new(failure) }
    }

    /// The user's input is wrong.
    pub(super) fn input(code: Code, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Failure::permanent(code, Side::Internal, message).with_hint(hint))
    }

    /// The exit code.
    pub(super) const fn exit(&self) -> Exit {
        match self {
            Self::Failed { exit, .. } | Self::Told(exit) => *exit,
            Self::ReaderGone => Exit::Done,
        }
    }

    /// The failure, where there is something to say.
    pub(super) fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed { failure, .. } => Some(failure),
            Self::Told(_) | Self::ReaderGone => None,
        }
    }
}

/// The exit code that goes with a failure that ends a command (not a run's: that is always `RunFailed`).
const fn exit_of(code: Code) -> Exit {
    match code {
        Code::PostgresUnreachable
        | Code::PostgresLogin
        | Code::PostgresTls
        | Code::PostgresConnectionLost
        | Code::PostgresBusy
        | Code::PostgresPrivilege
        | Code::EmbeddedMissing
        | Code::EmbeddedStart
        | Code::StateUnavailable
        | Code::StateNewer
        | Code::DuckDbVersion => Exit::Unreachable,
        Code::JobFile
        | Code::Settings
        | Code::Template
        | Code::Parameter
        | Code::NotFound
        | Code::Conflict
        | Code::Connection
        | Code::LocalFile => Exit::BadInput,
        _ => Exit::RunFailed,
    }
}

impl From<Failure> for CliError {
    fn from(failure: Failure) -> Self {
        Self::new(failure)
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        Self::new(error.failure())
    }
}

/// A failure as text: the error with its code, its hint, and where to read on.
pub(super) fn describe(failure: &Failure) -> String {
    let style = |text: &str| console::style(text.to_owned()).for_stderr();
    let error = style(&format!("error[{}]", failure.code)).red().bold();
    let sqlstate = failure.sqlstate.as_ref().map_or_else(String::new, |sqlstate| format!(" (SQLSTATE {sqlstate})"));
    let hint = style("hint:").cyan();
    let hint = failure.hint.as_ref().map_or_else(String::new, |words| format!("\n  {hint} {words}"));
    let see = style("see:").cyan();
    format!("{error}: {}{sqlstate}{hint}\n  {see} windlass explain {}", style(&failure.message).bold(), failure.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_and_what_is_away_have_different_exit_codes() {
        let exit = |code| CliError::new(Failure::permanent(code, Side::Internal, "x")).exit();
        assert_eq!(exit(Code::JobFile), Exit::BadInput);
        assert_eq!(exit(Code::StateUnavailable), Exit::Unreachable);
        assert_eq!(exit(Code::CopyCount), Exit::RunFailed);
    }

    #[test]
    fn a_failure_is_told_with_code_hint_and_page() {
        console::set_colors_enabled_stderr(false);
        let failure = Failure::permanent(Code::PostgresLogin, Side::Source, "connecting: no such user")
            .with_sqlstate("28P01")
            .with_hint("check the user");
        insta::assert_snapshot!(describe(&failure), @r"
        error[WL0202]: connecting: no such user (SQLSTATE 28P01)
          hint: check the user
          see: windlass explain WL0202
        ");
    }
}
