//! The socket below a connection, with the options that notice a peer that is gone.

use std::io;

use nix::sys::socket::{setsockopt, sockopt};
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
            watch(&stream, config)?;
            Ok(Socket::Tcp(stream))
        }
        Peer::Unix(path) => Ok(Socket::Unix(UnixStream::connect(path).await?)),
    }
}

fn watch(stream: &TcpStream, config: &Config) -> io::Result<()> {
    if config.get_keepalives() {
        let seconds = |time: std::time::Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX).max(1);
        setsockopt(stream, sockopt::KeepAlive, &true)?;
        setsockopt(stream, sockopt::TcpKeepIdle, &seconds(config.get_keepalives_idle()))?;
        if let Some(interval) = config.get_keepalives_interval() {
            setsockopt(stream, sockopt::TcpKeepInterval, &seconds(interval))?;
        }
        if let Some(retries) = config.get_keepalives_retries() {
            setsockopt(stream, sockopt::TcpKeepCount, &retries)?;
        }
    }
    if let Some(limit) = config.get_tcp_user_timeout() {
        let milliseconds = u32::try_from(limit.as_millis()).unwrap_or(u32::MAX);
        setsockopt(stream, sockopt::TcpUserTimeout, &milliseconds)?;
    }
    Ok(())
}
