//! The socket below a connection, with the options that notice a peer that is gone.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, UnixStream};
use tokio_postgres::Config;

use super::address::{Address, Peer};

/// A connected socket.
pub(super) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Connects to an address. Keepalives and `tcp_user_timeout` are those of the configuration.
pub(super) async fn open(address: &Address, config: &Config) -> io::Result<Socket> {
    match &address.peer {
        Peer::Tcp(peer) => {
            let stream = TcpStream::connect(peer).await?;
            stream.set_nodelay(true)?;
            notice_loss(&stream, config)?;
            Ok(Socket::Tcp(stream))
        }
        Peer::Unix(path) => Ok(Socket::Unix(UnixStream::connect(path).await?)),
    }
}

fn notice_loss(stream: &TcpStream, config: &Config) -> io::Result<()> {
    if config.get_keepalives() {
        let mut keepalive = TcpKeepalive::new().with_time(config.get_keepalives_idle().max(Duration::from_secs(1)));
        if let Some(interval) = config.get_keepalives_interval() {
            keepalive = keepalive.with_interval(interval);
        }
        if let Some(retries) = config.get_keepalives_retries() {
            keepalive = keepalive.with_retries(retries);
        }
        SockRef::from(stream).set_tcp_keepalive(&keepalive)?;
    }
    set_user_timeout(stream, config.get_tcp_user_timeout().copied());
    Ok(())
}

/// A second handle of the socket, for its options: encryption keeps the first to itself.
pub(super) fn handle(stream: &TcpStream) -> io::Result<OwnedFd> {
    stream.as_fd().try_clone_to_owned()
}

/// The socket's `TCP_USER_TIMEOUT`, where there is such a thing.
pub(super) fn user_timeout(socket: &impl AsFd) -> Option<Duration> {
    #[cfg(target_os = "linux")]
    return SockRef::from(socket).tcp_user_timeout().ok().flatten();
    #[cfg(not(target_os = "linux"))]
    return None;
}

/// Sets it. That it can't be set is no reason not to connect.
pub(super) fn set_user_timeout(socket: &impl AsFd, limit: Option<Duration>) {
    #[cfg(target_os = "linux")]
    drop(SockRef::from(socket).set_tcp_user_timeout(limit));
}
