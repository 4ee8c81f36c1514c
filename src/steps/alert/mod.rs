//! Telling an alert: posted to a webhook, or handed to a program. Not a step, but the same protocols and process groups.
//!
//! What a receiver answers comes back, as words or as a failure with a class; whether it is tried again is decided by
//! whoever calls. The webhook's address is in neither: whoever knows it may post.

mod program;
mod webhook;

use std::collections::BTreeMap;
use std::path::Path;

use crate::domain::alert::{Message, Notify};
use crate::domain::failure::Failure;
use crate::fetch::{Client, Options};

/// The receivers of alerts, by the words that the state database knows them by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// The webhook.
    Webhook,
    /// The program.
    Command,
}

impl Receiver {
    /// The stable lowercase word.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Command => "command",
        }
    }

    /// The receivers that `notify` names.
    pub fn of(notify: &Notify) -> Vec<Self> {
        let webhook = notify.webhook.is_some().then_some(Self::Webhook);
        let command = notify.command.is_some().then_some(Self::Command);
        webhook.into_iter().chain(command).collect()
    }
}

/// Tells alerts.
pub struct Teller {
    client: Client,
    env: BTreeMap<String, String>,
}

impl Teller {
    /// A teller that lets templates use these environment variables.
    pub fn new(env: BTreeMap<String, String>) -> Result<Self, Failure> {
        let options = Options { connect: webhook::CONNECT, first_byte: webhook::ANSWER, ..Options::default() };
        let client = Client::new(&options).map_err(crate::fetch::FetchError::failure)?;
        Ok(Self { client, env })
    }

    /// Tells one receiver, and says what it answered. `base`: where a program's relative path starts.
    pub async fn tell(
        &self,
        receiver: Receiver,
        notify: &Notify,
        message: &Message,
        base: &Path,
    ) -> Result<String, Failure> {
        match (receiver, &notify.webhook, &notify.command) {
            (Receiver::Webhook, Some(webhook), _) => webhook::post(&self.client, webhook, message, &self.env).await,
            (Receiver::Command, _, Some(command)) => program::run(command, message, &self.env, base).await,
            _ => Err(Failure::bug("an alert has no such receiver")),
        }
    }
}
