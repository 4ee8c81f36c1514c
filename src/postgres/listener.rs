//! `LISTEN`: a connection that only hears notifications.
//!
//! Notifications are hints, never facts: they get lost when the connection does. Whoever listens also looks by itself
//! from time to time.

use std::future::poll_fn;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_postgres::{AsyncMessage, Client};

use super::connect::{Login, log_in};
use super::error::{PgError, PgErrorKind};
use super::ident::Ident;
use super::server::Server;

/// How many notifications may lie unread before new ones are dropped: one unread hint is as good as a hundred.
const UNREAD: usize = 256;

/// A connection that listens on one channel. Dropping it closes the connection.
pub struct Listener {
    messages: mpsc::Receiver<String>,
    driver: JoinHandle<()>,
    /// Never used again, but the session ends when it is dropped.
    client: Client,
}

impl Listener {
    /// Connects and listens.
    pub async fn open(server: &Server, application_name: &str, channel: &str) -> Result<Self, PgError> {
        let doing = || format!("listening on {channel}");
        let login = log_in(server, application_name, server.config().get_ssl_mode()).await;
        let Login { client, mut connection, .. } = login.map_err(|error| PgError { doing: doing(), ..error })?;
        let (sender, messages) = mpsc::channel(UNREAD);
        #[expect(clippy::disallowed_methods, reason = "the driver's task ends with the listener, which owns it")]
        let driver = tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                if let AsyncMessage::Notification(notification) = message {
                    match sender.try_send(notification.payload().to_owned()) {
                        Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => {}
                        Err(mpsc::error::TrySendError::Closed(_)) => break,
                    }
                }
            }
        });
        let listener = Self { messages, driver, client };
        listener
            .client
            .batch_execute(&format!("listen {}", Ident::new(channel)))
            .await
            .map_err(|error| PgError::new(doing(), &error))?;
        Ok(listener)
    }

    /// The next notification's payload; an error once the connection is gone.
    pub async fn next(&mut self) -> Result<String, PgError> {
        self.messages.recv().await.ok_or_else(|| {
            PgError::without_server("listening for notifications", "the connection was closed", PgErrorKind::Lost)
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
