//! Who is told of what: `notify` of a job or of `windlass.yaml`, resolved.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::kind::AlertKind;
use crate::domain::template::Text;

/// Who is told of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notify {
    /// What is told; nothing if empty.
    pub on: Vec<AlertKind>,
    /// An address that alerts are posted to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// A program that is run for each alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<NotifyCommand>,
    /// How long a run may wait for a lock before it is told.
    pub lock_wait: Duration,
    /// After an alert was told, further ones of the same job and kind wait for so long, and are told as one.
    pub fold: Duration,
}

impl Notify {
    /// How long a run may wait for a lock, if nothing else is said.
    pub const LOCK_WAIT: Duration = Duration::from_mins(10);

    /// For how long alerts are folded, if nothing else is said: a job that fails every few seconds is told of once in
    /// this time.
    pub const FOLD: Duration = Duration::from_mins(5);

    /// What is told, if nothing else is said: all that needs a person, and the end of it.
    pub const ON: [AlertKind; 5] =
        [AlertKind::Failed, AlertKind::Recovered, AlertKind::Deadline, AlertKind::ReplicaOld, AlertKind::LockWaited];

    /// Whether this is told.
    pub fn tells(&self, kind: AlertKind) -> bool {
        self.on.contains(&kind)
    }
}

/// An address that alerts are posted to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// The address; whoever knows it may post, so it counts as a secret.
    pub url: Text,
    /// Headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, Text)>,
    /// The body; Slack's without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

impl Webhook {
    /// Whether its body is JSON: unless a header says something else.
    pub fn is_json(&self) -> bool {
        let kind = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        kind.is_none_or(|(_, value)| value.0.contains("json"))
    }
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("template", &self.template).finish_non_exhaustive()
    }
}

/// A program that is run for each alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifyCommand {
    /// The program: a path, or a name looked up in PATH. No shell is involved.
    pub program: Text,
    /// Its arguments.
    #[serde(default)]
    pub args: Vec<Text>,
    /// How long it may take.
    pub timeout: Duration,
}
