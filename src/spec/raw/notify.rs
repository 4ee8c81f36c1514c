use schemars::JsonSchema;
use serde::Deserialize;

use super::{Length, Pairs, Scalar};
use crate::domain::alert::AlertKind;

/// Who is told of what: a webhook, a program, or both. A job's own replaces that of `windlass.yaml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Notify")]
pub(crate) struct RawNotify {
    /// What is told; `[]` for nothing. Default: all but `attempt_lost`.
    pub(crate) on: Option<Vec<AlertKind>>,
    /// Address that alerts are posted to, as Slack's incoming webhooks take them. Templates may use `env`.
    pub(crate) webhook: Option<String>,
    /// Headers of the webhook. Templates may use `env` and `alert`.
    pub(crate) headers: Option<Pairs<Scalar>>,
    /// Body of the webhook; without it `{"text": …}`. Templates may use `alert` and `env`; in JSON, texts stand in quotes.
    pub(crate) template: Option<String>,
    /// A program that is run for each alert, with the alert as JSON on its standard input.
    pub(crate) command: Option<RawNotifyCommand>,
    /// How long a run may wait for a lock before `lock_waited`. Default: 10m.
    pub(crate) lock_wait: Option<Length>,
    /// After an alert was told, further ones of the same job and kind wait for so long, and are told as one. Default: 5m.
    pub(crate) fold: Option<Length>,
}

/// A program that is run for each alert.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NotifyCommand")]
pub(crate) struct RawNotifyCommand {
    /// The program: a path, or a name looked up in PATH. No shell is involved.
    #[schemars(required)]
    pub(crate) program: Option<String>,
    /// Its arguments. Templates may use `alert` and `env`.
    pub(crate) args: Option<Vec<Scalar>>,
    /// How long it may take, at most 4m. Default: 30s.
    pub(crate) timeout: Option<Length>,
}
