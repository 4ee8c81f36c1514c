//! The stream to a server, plain or encrypted, whichever socket is below.

use std::future;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::socket;

type Tls = <MakeRustlsConnect as MakeTlsConnect<TcpStream>>::Stream;

/// A stream to a server.
pub(in crate::postgres) enum Wire {
    /// TCP without TLS.
    Tcp(TcpStream),
    /// A Unix socket. Nobody listens in there, and servers offer no TLS.
    Unix(UnixStream),
    /// TLS over TCP, with a second handle of the socket.
    Tls(Box<Tls>, OwnedFd),
}

impl Wire {
    /// How long what was sent may stay unacknowledged, or unaccepted by a peer that is there.
    pub(super) fn user_timeout(&self) -> Option<Duration> {
        match self {
            Self::Tcp(stream) => socket::user_timeout(stream),
            Self::Tls(_, handle) => socket::user_timeout(handle),
            Self::Unix(_) => None,
        }
    }

    /// Sets it; `None` is the system's own limit, and none for a peer that is there.
    pub(super) fn set_user_timeout(&self, limit: Option<Duration>) {
        match self {
            Self::Tcp(stream) => socket::set_user_timeout(stream, limit),
            Self::Tls(_, handle) => socket::set_user_timeout(handle, limit),
            Self::Unix(_) => {}
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, into),
            Self::Unix(stream) => Pin::new(stream).poll_read(context, into),
            Self::Tls(stream, _) => Pin::new(stream).poll_read(context, into),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, from),
            Self::Unix(stream) => Pin::new(stream).poll_write(context, from),
            Self::Tls(stream, _) => Pin::new(stream).poll_write(context, from),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Self::Unix(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream, _) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream, _) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

impl TlsStream for Wire {
    fn channel_binding(&self) -> ChannelBinding {
        match self {
            Self::Tcp(_) | Self::Unix(_) => ChannelBinding::none(),
            Self::Tls(stream, _) => stream.channel_binding(),
        }
    }
}

/// For the driver, which is to use a stream as it is: encryption has been settled before. With `sslnegotiation=direct`
/// it sends nothing of its own before it asks for the "handshake" that this is.
pub(in crate::postgres) struct Ready;

impl<S: TlsStream + Unpin> TlsConnect<S> for Ready {
    type Stream = S;
    type Error = io::Error;
    type Future = future::Ready<io::Result<S>>;

    fn connect(self, stream: S) -> Self::Future {
        future::ready(Ok(stream))
    }
}
