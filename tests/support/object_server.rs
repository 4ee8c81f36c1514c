//! A real S3 server, and a line to it that can be cut. Runs where `moto_server` is on the PATH (`scripts/test` sees to
//! it).

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use windlass::domain::object::StoreOptions;
use windlass::domain::secret::Secret;
use windlass::objects::ObjectStores;

use super::skipped;

/// Ends the server when the test process ends, however it ends.
const SCRIPT: &str = "moto_server -H 127.0.0.1 -p 0 & server=$!; cat >/dev/null; kill $server";

/// Nobody is asked for a signature here, but who says nothing sees public objects only.
const LOGIN: &str =
    "AWS4-HMAC-SHA256 Credential=reader/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";

/// The server; it keeps everything in memory.
pub(crate) struct ObjectServer {
    url: String,
    log: Arc<Mutex<Vec<String>>>,
    process: Child,
}

impl ObjectServer {
    /// Starts one with a bucket `replicas`; `None`, with the reason printed, where there is none on the PATH.
    pub(crate) async fn start() -> Option<Self> {
        let found = Command::new("moto_server").arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            skipped("moto_server (PyPI package moto) is not on PATH");
            return None;
        }
        // Fails where another test chose one before.
        rustls::crypto::ring::default_provider().install_default().ok();
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut process = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (lines, written) = (BufReader::new(process.stderr.take().unwrap()).lines(), Arc::clone(&log));
        let (say, hear) = mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, url)) = line.split_once("Running on ") {
                    say.send(url.trim().to_owned()).unwrap();
                }
                written.lock().unwrap().push(line);
            }
        });
        let url = hear.recv().expect("the server says where it listens");
        let server = Self { url, log, process };
        server.ask(reqwest::Method::PUT, "replicas").await;
        Some(server)
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Stores that are reached by this server's address.
    pub(crate) fn stores(&self) -> ObjectStores {
        stores_at(&self.url)
    }

    /// The same over a line that can be cut.
    pub(crate) async fn line(&self) -> Line {
        Line::to(self.url.strip_prefix("http://").unwrap().parse().unwrap()).await
    }

    /// What was asked for so far: method, then path and query, then status.
    pub(crate) fn requests(&self) -> Vec<String> {
        let log = self.log.lock().unwrap();
        let plain = |line: &String| {
            let request = line.split('"').nth(1)?.replace("\u{1b}[31m\u{1b}[1m", "").replace("\u{1b}[33m", "");
            let status = line.rsplit('"').next()?.split_whitespace().next()?;
            Some(format!("{} {status}", request.split(" HTTP/").next()?))
        };
        log.iter().filter_map(plain).collect()
    }

    /// Keys in the bucket.
    pub(crate) async fn keys(&self) -> Vec<String> {
        elements(&self.ask(reqwest::Method::GET, "replicas?list-type=2").await, "Key")
    }

    /// Keys of uploads that were begun and not ended.
    pub(crate) async fn unfinished(&self) -> Vec<String> {
        elements(&self.ask(reqwest::Method::GET, "replicas?uploads").await, "Key")
    }

    /// Begins an upload as a process does that is killed then.
    pub(crate) async fn begin_upload(&self, key: &str) {
        self.ask(reqwest::Method::POST, &format!("replicas/{key}?uploads")).await;
    }

    /// Puts an object as somebody else does.
    pub(crate) async fn put(&self, key: &str, content: &str) {
        let request = reqwest::Client::new().put(format!("{}/replicas/{key}", self.url)).body(content.to_owned());
        assert!(request.header("Authorization", LOGIN).send().await.unwrap().status().is_success());
    }

    /// An object, as a reader gets it; `None` if it isn't there.
    pub(crate) async fn get(&self, key: &str) -> Option<Vec<u8>> {
        // Whoever says who he is may read everything.
        let request = reqwest::Client::new().get(format!("{}/replicas/{key}", self.url)).header("Authorization", LOGIN);
        let answer = request.send().await.unwrap();
        if !answer.status().is_success() {
            return None;
        }
        Some(answer.bytes().await.unwrap().to_vec())
    }

    /// Removes an object as somebody else does.
    pub(crate) async fn remove(&self, key: &str) {
        self.ask(reqwest::Method::DELETE, &format!("replicas/{key}")).await;
    }

    /// From now on nobody is known.
    pub(crate) async fn lock_everybody_out(&self) {
        let request = reqwest::Client::new().post(format!("{}/moto-api/reset-auth", self.url)).body("0");
        assert!(request.send().await.unwrap().status().is_success());
    }

    async fn ask(&self, method: reqwest::Method, what: &str) -> String {
        let request = reqwest::Client::new().request(method, format!("{}/{what}", self.url));
        request.send().await.unwrap().text().await.unwrap()
    }
}

impl Drop for ObjectServer {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

/// Stores with an S3 server there.
pub(crate) fn stores_at(url: &str) -> ObjectStores {
    let variables =
        [("AWS_ACCESS_KEY_ID", "windlass"), ("AWS_SECRET_ACCESS_KEY", "a-secret"), ("AWS_REGION", "us-east-1")];
    let variables = variables.map(|(name, value)| (name.to_owned(), Secret::new(value))).into();
    let options = StoreOptions { endpoint: Some(url.to_owned()), ..StoreOptions::default() };
    ObjectStores::new(variables, BTreeMap::from([("s3".to_owned(), options)]))
}

/// A line to a server. What is sent over it counts; once it is used up, all connections break, and new ones too.
pub(crate) struct Line {
    url: String,
    left: Arc<AtomicI64>,
    _connections: JoinSet<()>,
}

impl Line {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let left = Arc::new(AtomicI64::new(i64::MAX));
        let mut connections = JoinSet::new();
        let allowed = Arc::clone(&left);
        connections.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                if allowed.load(Ordering::SeqCst) > 0 {
                    open.spawn(carry(client, server, Arc::clone(&allowed)));
                }
            }
        });
        Self { url, left, _connections: connections }
    }

    /// Stores that are reached over it.
    pub(crate) fn stores(&self) -> ObjectStores {
        stores_at(&self.url)
    }

    /// How many bytes it still carries.
    pub(crate) fn left(&self) -> i64 {
        self.left.load(Ordering::SeqCst)
    }

    /// Cuts the line once that many bytes more have been sent to the server.
    pub(crate) fn cut_after(&self, bytes: i64) {
        self.left.store(bytes, Ordering::SeqCst);
    }
}

/// Carries one connection until it is closed or the line is cut.
async fn carry(client: TcpStream, server: SocketAddr, left: Arc<AtomicI64>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
            if left.fetch_sub(i64::try_from(read).unwrap(), Ordering::SeqCst) <= 0 {
                return;
            }
            if to_server.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
    };
    let down = tokio::io::copy(&mut from_server, &mut to_client);
    tokio::select! {
        () = up => {}
        _ = down => {}
    }
}

/// What stands in elements of that name.
fn elements(xml: &str, name: &str) -> Vec<String> {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&start).skip(1).filter_map(|part| part.split(&end).next().map(str::to_owned)).collect()
}
