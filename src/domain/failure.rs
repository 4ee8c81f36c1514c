//! What went wrong: one shape for every failure of a step, whoever noticed it.
//!
//! Adapters classify (an SQLSTATE, an HTTP status, DuckDB's words); the engine alone decides what follows from it.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::code::Code;

/// What kind of failure it is, and so whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// May pass by itself: a lost connection, a deadlock, a `503`. Retried by default.
    Transient,
    /// Will fail the same way again: syntax, a missing table, a privilege, bad data.
    Permanent,
    /// Took longer than allowed. Retried by default.
    Timeout,
    /// Somebody, or the daemon's stop, ended it.
    Cancelled,
    /// What came is not what was expected of it: too few rows, a missing value, an old day. Nothing was loaded.
    Expectation,
    /// A defect in Windlass.
    Bug,
}

impl FailureClass {
    /// The stable lowercase word.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Permanent => "permanent",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Expectation => "expectation",
            Self::Bug => "bug",
        }
    }
}

/// Where it went wrong, seen from the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// What the step reads from.
    Source,
    /// What the step writes to. A step with one server only calls that its target.
    Target,
    /// Windlass itself, its state database or its machine.
    Internal,
}

impl Side {
    /// The word for it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
            Self::Internal => "internal",
        }
    }
}

/// A failure, as it is recorded, printed and counted.
///
/// `message` says what was being done, then the other side's own words. It is masked before it is written anywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, ToSchema)]
#[error("{message}")]
pub struct Failure {
    /// The stable code; its page says what to do.
    #[serde(deserialize_with = "known_code")]
    pub code: Code,
    /// Whether trying again can help.
    pub class: FailureClass,
    /// Which side failed.
    pub side: Side,
    /// What was being done and what the other side said.
    pub message: String,
    /// PostgreSQL's five-character code, where a PostgreSQL server said no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sqlstate: Option<String>,
    /// The line of the statement that it is about, and below it a caret under the place, where a server named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
    /// What to do next, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Earliest time to try again, counted from now, as the other side asked (`Retry-After`). Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
}

/// A code, or `Bug` for one that only a newer version knows: its message and hint say enough.
fn known_code<'de, D: Deserializer<'de>>(from: D) -> Result<Code, D::Error> {
    Ok(String::deserialize(from)?.parse().unwrap_or(Code::Bug))
}

impl Failure {
    /// A failure with neither SQLSTATE nor hint.
    pub fn new(code: Code, class: FailureClass, side: Side, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, class, side, message, sqlstate: None, excerpt: None, hint: None, retry_after_s: None }
    }

    /// A failure that will happen again if tried again.
    pub fn permanent(code: Code, side: Side, message: impl Into<String>) -> Self {
        Self::new(code, FailureClass::Permanent, side, message)
    }

    /// A failure that may pass by itself.
    pub fn transient(code: Code, side: Side, message: impl Into<String>) -> Self {
        Self::new(code, FailureClass::Transient, side, message)
    }

    /// What came is not what was expected of it.
    pub fn expectation(side: Side, message: impl Into<String>) -> Self {
        Self::new(Code::Expectation, FailureClass::Expectation, side, message)
    }

    /// A defect in Windlass.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(Code::Bug, FailureClass::Bug, Side::Internal, message)
    }

    /// The step noticed that it should stop. The engine, which knows why, replaces this by what it recorded.
    pub fn stopped() -> Self {
        Self::new(Code::Cancelled, FailureClass::Cancelled, Side::Internal, "stopped on request")
    }

    /// The same failure with what to do next.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure with the server's SQLSTATE.
    #[must_use]
    pub fn with_sqlstate(mut self, sqlstate: impl Into<String>) -> Self {
        self.sqlstate = Some(sqlstate.into());
        self
    }

    /// The same failure with the pause the other side asked for.
    #[must_use]
    pub fn with_retry_after(mut self, pause: Duration) -> Self {
        self.retry_after_s = Some(pause.as_secs());
        self
    }

    /// The same failure, its message led by what was being done: "{doing}: {message}".
    #[must_use]
    pub fn while_doing(mut self, doing: impl std::fmt::Display) -> Self {
        self.message = format!("{doing}: {}", self.message);
        self
    }
}
