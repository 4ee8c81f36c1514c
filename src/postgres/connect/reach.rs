//! Whether a machine still answers, asked over a connection of its own.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::address::{Address, Peer};

/// Whether nothing at that address answers any more. A refusal is an answer.
pub(in crate::postgres) async fn is_out_of_reach(address: &Address, patience: Duration) -> bool {
    let Peer::Tcp(peer) = &address.peer else { return false };
    match timeout(patience, TcpStream::connect(peer)).await {
        Ok(Ok(_)) => false,
        Ok(Err(error)) => {
            matches!(error.kind(), ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::TimedOut)
        }
        Err(_) => true,
    }
}
