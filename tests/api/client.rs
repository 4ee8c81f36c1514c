//! The API on a port of its own, and a client that shows every byte of an answer.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use windlass::api::{Access, ApiState, Backend, NamedToken, Token, serve};
use windlass::domain::readiness::Readiness;
use windlass::domain::role::Role;
use windlass::telemetry::Metrics;

/// The API, served until this is stopped.
pub(super) struct Api {
    pub(super) address: SocketAddr,
    pub(super) metrics: Metrics,
    pub(super) ready: watch::Sender<Readiness>,
    pub(super) backend: watch::Sender<Option<Backend>>,
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

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.head, self.body))
    }

    /// A header's value, as it was sent but in lowercase.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }
}

/// A token that may do everything.
pub(super) fn operator(token: &str) -> NamedToken {
    NamedToken { name: "token".to_owned(), role: Role::Operate, token: Token::new(token).unwrap() }
}

impl Api {
    /// Serves on a free port, to everybody or to whoever has the token.
    pub(super) async fn start(token: Option<&str>) -> Self {
        Self::start_for(Access::new(token.map(operator).into_iter().collect(), None)).await
    }

    /// Serves on a free port.
    pub(super) async fn start_for(access: Access) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (metrics, shutdown) = (Metrics::new(env!("CARGO_PKG_VERSION")), CancellationToken::new());
        let (ready, receiver) = watch::channel(Readiness::default());
        let (backend, reached) = watch::channel(None);
        let state = ApiState::new(metrics.clone(), receiver, access, reached);
        #[expect(clippy::disallowed_methods, reason = "the handle is awaited in `stop`")]
        let server = tokio::spawn(serve(listener, state, shutdown.clone()));
        Self { address, metrics, ready, backend, shutdown, server }
    }

    /// Asks for a page, with more header lines.
    pub(super) async fn get(&self, path: &str, headers: &str) -> Answer {
        self.send("GET", path, headers, "").await
    }

    /// Sends a request.
    pub(super) async fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let host = if headers.contains("Host: ") { "" } else { "Host: localhost\r\n" };
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let head = format!("{method} {path} HTTP/1.1\r\n{host}Connection: close\r\n{length}{headers}\r\n");
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
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
