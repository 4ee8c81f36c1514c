//! Logging in: each address in turn, until one server lets us in and is of the kind that is asked for.

use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::config::{SslMode, SslNegotiation, TargetSessionAttrs};
use tokio_postgres::{Client, Config, Connection, SimpleQueryMessage};

use crate::postgres::error::{PgError, PgErrorKind};
use crate::postgres::server::Server;

use super::address::{self, Address};
use super::encryption::encrypted;
use super::tap::{Tap, TapLender};
use super::wire::Ready;

/// A login that worked. The connection must be polled for anything to happen.
pub(in crate::postgres) struct Login {
    pub(in crate::postgres) client: Client,
    pub(in crate::postgres) connection: Connection<Tap, Tap>,
    /// Lends the connection's stream.
    pub(in crate::postgres) lender: TapLender,
    /// Where the server was found, for cancel requests.
    pub(in crate::postgres) address: Address,
    /// Whether TLS was asked for there.
    pub(in crate::postgres) mode: SslMode,
}

/// Logs in to the first of the server's addresses that takes us. Each address gets the server's `connect_timeout`.
pub(in crate::postgres) async fn log_in(
    server: &Server,
    application_name: &str,
    mode: SslMode,
) -> Result<Login, PgError> {
    let settings = |message: String| PgError::without_server("connecting", message, PgErrorKind::Settings);
    let places = address::places(server.config()).map_err(settings)?;
    let several = places.len() > 1;
    let mut last = settings("no address to connect to".to_owned());
    for place in places {
        let addresses = match in_time(server.connect_timeout(), resolve(&place, server.config())).await {
            Ok(addresses) => addresses,
            Err(error) => {
                last = told_of(error, several.then(|| place.to_string()));
                continue;
            }
        };
        let several = several || addresses.len() > 1;
        for address in addresses {
            let trying = Box::pin(try_address(server, application_name, mode, &address));
            match in_time(server.connect_timeout(), trying).await {
                Ok(login) => return Ok(login),
                Err(error) => last = told_of(error, several.then(|| address.to_string())),
            }
        }
    }
    Err(last)
}

async fn resolve(place: &address::Place, config: &Config) -> Result<Vec<Address>, PgError> {
    place.addresses(config).await.map_err(|error| {
        let message = format!("error connecting to server: {error}");
        PgError::without_server("connecting", message, PgErrorKind::Unreachable)
    })
}

async fn try_address(
    server: &Server,
    application_name: &str,
    mode: SslMode,
    address: &Address,
) -> Result<Login, PgError> {
    let wire = encrypted(server, address, mode).await?;
    let mut config = server.config().clone();
    config.application_name(application_name);
    // What encryption there is, is there already; see `Ready`.
    config.ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
    let (tap, lender) = Tap::new(wire);
    let failed = |error: tokio_postgres::Error| PgError::connecting("connecting", &error);
    let (client, mut connection) = config.connect_raw(tap, Ready).await.map_err(failed)?;
    let wanted = config.get_target_session_attrs();
    if wanted != TargetSessionAttrs::Any {
        let answer = tokio::select! {
            answer = client.simple_query("show transaction_read_only") => answer.map_err(failed)?,
            ended = &mut connection => {
                let closed = PgError::without_server("connecting", "connection closed", PgErrorKind::Unreachable);
                return Err(ended.map_or_else(|error| PgError::connecting("connecting", &error), |()| closed));
            }
        };
        check_kind(wanted, &answer)?;
    }
    Ok(Login { client, connection, lender, address: address.clone(), mode })
}

/// Whether a server that takes writes, or one that doesn't, is the kind that is wanted.
fn check_kind(wanted: TargetSessionAttrs, answer: &[SimpleQueryMessage]) -> Result<(), PgError> {
    let read_only = answer.iter().any(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0) == Some("on"),
        _ => false,
    });
    let message = match wanted {
        TargetSessionAttrs::ReadWrite if read_only => "the server does not allow writes",
        TargetSessionAttrs::ReadOnly if !read_only => "the server is not read-only",
        _ => return Ok(()),
    };
    Err(PgError::without_server("connecting", message, PgErrorKind::Unreachable))
}

async fn in_time<T>(limit: Duration, work: impl Future<Output = Result<T, PgError>>) -> Result<T, PgError> {
    timeout(limit, work).await.unwrap_or_else(|_| {
        let message = "the server did not answer in time";
        Err(PgError::without_server("connecting", message, PgErrorKind::Unreachable))
    })
}

/// Says which of several addresses an error is of.
fn told_of(mut error: PgError, address: Option<String>) -> PgError {
    if let Some(address) = address {
        error.message = format!("{address}: {}", error.message);
    }
    error
}
