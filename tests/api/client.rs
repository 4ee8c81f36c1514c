//! The API on a port of its own, and a client that shows every byte of an answer.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use windlass::api::{ApiState, Token, serve};
use windlass::domain::readiness::Readiness;
use windlass::telemetry::Metrics;

/// The API, served until this is stopped.
pub(super) struct Api {
    pub(super) address: SocketAddr,
    pub(super) metrics: Metrics,
    pub(super) ready: watch::Sender<Readiness>,
    shutdown: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    /// The head, lowercase.
    pub(super) head: String,
    pub(super) body: String,
}

impl Api {
    /// Serves on a free port.
    pub(super) async fn start(token: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (metrics, shutdown) = (Metrics::new(env!("CARGO_PKG_VERSION")), CancellationToken::new());
        let (ready, receiver) = watch::channel(Readiness::default());
        let (_, backend) = watch::channel(None);
        let state = ApiState { metrics: metrics.clone(), ready: receiver, token: token.and_then(Token::new), backend };
        #[expect(clippy::disallowed_methods, reason = "the handle is awaited in `stop`")]
        let server = tokio::spawn(serve(listener, state, shutdown.clone()));
        Self { address, metrics, ready, shutdown, server }
    }

    /// Asks for a page, with one more header line.
    pub(super) async fn get(&self, path: &str, header: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: windlass\r\nConnection: close\r\n{header}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    /// Stops serving, and waits until it has.
    pub(super) async fn stop(self) {
        self.shutdown.cancel();
        self.server.await.unwrap().unwrap();
    }
}
