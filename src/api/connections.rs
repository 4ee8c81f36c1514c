//! Connections: how many there may be, and how long a client may take to say what it wants.
//!
//! `axum::serve` sets neither limit, so a client that opens connections and says nothing would take all of this
//! process's files. It is HTTP/1.1 only: proxies and browsers speak nothing else without TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Connections at a time. Browsers hold up to six each; more wait in the system's own queue.
const CONNECTIONS: usize = 512;

/// How long the head of a request may take, and so also how long a connection may be kept without one.
const HEAD: Duration = Duration::from_secs(20);

/// How long to wait when the system has no file left for a connection.
const NO_FILES: Duration = Duration::from_millis(500);

/// Answers until `shutdown`; then connections end with the answer that is under way.
pub(super) async fn answer(listener: TcpListener, router: Router, shutdown: CancellationToken) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).half_close(true);
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await.map_err(io::Error::other)?;
            Ok::<_, io::Error>((place, accept(&listener).await))
        };
        let (place, (stream, peer)) = tokio::select! {
            accepted = accepted => accepted?,
            () = shutdown.cancelled() => break,
            Some(_) = connections.join_next() => continue,
        };
        let answering = TowerToHyperService::new(router.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            answering.call(request)
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        connections.spawn(async move {
            let _place = place;
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke off");
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
    Ok(())
}

/// The next connection. One that is gone before it is accepted is nobody's concern.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // What is sent in pieces should arrive in pieces; without it they only come later.
                drop(stream.set_nodelay(true));
                return (stream, peer);
            }
            Err(error) if is_of_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "accepting a connection");
                tokio::time::sleep(NO_FILES).await;
            }
        }
    }
}

fn is_of_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
