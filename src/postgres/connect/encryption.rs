//! Agreeing on TLS, before the driver says its first word.

use std::io;

use bytes::BytesMut;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::config::{SslMode, SslNegotiation};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};

use crate::postgres::error::{PgError, PgErrorKind};
use crate::postgres::server::Server;

use super::address::Address;
use super::socket::{self, Socket};
use super::wire::Wire;

/// Connects to an address and encrypts as the server's `sslmode` says.
pub(in crate::postgres) async fn encrypted(server: &Server, address: &Address, mode: SslMode) -> Result<Wire, PgError> {
    let config = server.config();
    let unreachable =
        |error: io::Error| failed(PgErrorKind::Unreachable, format!("error connecting to server: {error}"));
    let stream = match socket::open(address, config).await.map_err(unreachable)? {
        Socket::Unix(stream) => return Ok(Wire::Unix(stream)),
        Socket::Tcp(stream) => stream,
    };
    if mode == SslMode::Disable {
        return Ok(Wire::Tcp(stream));
    }
    if config.get_ssl_negotiation() == SslNegotiation::Direct {
        if mode == SslMode::Prefer {
            let message = "sslnegotiation=direct needs sslmode=require or stricter";
            return Err(failed(PgErrorKind::Tls, message.to_owned()));
        }
        return shake_hands(server, address, stream).await;
    }
    let mut stream = stream;
    match ask(&mut stream).await.map_err(unreachable)? {
        b'S' => shake_hands(server, address, stream).await,
        b'N' if mode == SslMode::Require => Err(failed(PgErrorKind::Tls, "server does not support TLS".to_owned())),
        b'N' => Ok(Wire::Tcp(stream)),
        // A server that is too busy answers with an error, which nothing protects yet: not a text to pass on.
        _ => Err(failed(PgErrorKind::Unreachable, "the server did not say whether it speaks TLS".to_owned())),
    }
}

/// The server's answer to whether it speaks TLS. Exactly one byte is read: what may follow it unasked is not trusted.
async fn ask(stream: &mut TcpStream) -> io::Result<u8> {
    let mut question = BytesMut::new();
    frontend::ssl_request(&mut question);
    stream.write_all(&question).await?;
    stream.read_u8().await
}

async fn shake_hands(server: &Server, address: &Address, stream: TcpStream) -> Result<Wire, PgError> {
    let mut connector = server.tls()?;
    let connect = MakeTlsConnect::<TcpStream>::make_tls_connect(&mut connector, &address.hostname);
    let connect = connect.map_err(|error| failed(PgErrorKind::Tls, error.to_string()))?;
    let handle = socket::handle(&stream).map_err(|error| failed(PgErrorKind::Unreachable, error.to_string()))?;
    match connect.connect(stream).await {
        Ok(stream) => Ok(Wire::Tls(Box::new(stream), handle)),
        Err(error) => {
            let about_tls = error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
                || error.kind() == io::ErrorKind::InvalidInput;
            let kind = if about_tls { PgErrorKind::Tls } else { PgErrorKind::Unreachable };
            Err(failed(kind, format!("error performing TLS handshake: {error}")))
        }
    }
}

fn failed(kind: PgErrorKind, message: String) -> PgError {
    PgError::without_server("connecting", message, kind)
}
