//! Outgoing HTTP, against real servers on loopback.

mod bodies;
mod redirects;
mod resume;
mod silence;
mod statuses;
mod tls;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

use windlass::domain::failure::Failure;
use windlass::fetch::{Client, Download, FetchError, Options, Partial, Request};

/// A server that takes one connection after the other and answers each with the next of these bytes, whatever is
/// asked; then it closes the connection. Its thread ends after the last answer.
pub(crate) fn raw_server(answers: Vec<Vec<u8>>) -> String {
    recording_server(answers).0
}

/// The same, and the heads of the requests that came.
pub(crate) fn recording_server(answers: Vec<Vec<u8>>) -> (String, Receiver<String>) {
    let (seen, requests) = channel();
    let address = serve(answers.len(), move |number, connection| {
        // A test may not want to know.
        seen.send(head(connection)).ok();
        // A client that has had enough closes first.
        connection.write_all(&answers[number]).ok();
    });
    (address, requests)
}

/// A server that writes these bytes and then says nothing more, until what is returned is dropped.
pub(crate) fn silent_server(answer: Vec<u8>) -> (String, Sender<()>) {
    let (hold, held) = channel();
    let address = serve(1, move |_, connection| {
        head(connection);
        connection.write_all(&answer).unwrap();
        held.recv().ok();
    });
    (address, hold)
}

/// A server of its own that does something with each of so many connections, one after the other.
fn serve(connections: usize, mut with: impl FnMut(usize, &mut TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for number in 0..connections {
            let Ok((mut connection, _)) = listener.accept() else { return };
            with(number, &mut connection);
        }
    });
    address
}

/// The head of the request that comes.
fn head(connection: &mut TcpStream) -> String {
    let mut asked = Vec::new();
    let mut buffer = [0; 1024];
    while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
        match connection.read(&mut buffer) {
            Ok(count @ 1..) => asked.extend_from_slice(&buffer[..count]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&asked).into_owned()
}

/// A `200` with these headers and this body.
pub(crate) fn ok(headers: &str, body: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n{headers}\r\n").into_bytes();
    answer.extend_from_slice(body);
    answer
}

fn get(url: impl Into<String>) -> Request {
    Request { method: "GET".into(), url: url.into(), ..Request::default() }
}

fn client() -> Client {
    Client::new(&Options::default()).unwrap()
}

/// Downloads into a folder that is gone afterwards.
async fn download(request: &Request, max_bytes: u64) -> Result<(Download, Vec<u8>), Failure> {
    download_with(&client(), request, max_bytes, 1).await
}

/// The same, with so many tries, each of which goes on where the one before broke off.
async fn download_with(
    client: &Client,
    request: &Request,
    max_bytes: u64,
    tries: usize,
) -> Result<(Download, Vec<u8>), Failure> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("body");
    let mut partial = Partial::default();
    let mut last = Err(Failure::bug("no try"));
    for _ in 0..tries {
        last = client.download(request, &path, max_bytes, &mut partial, |_, _| {}).await.map_err(FetchError::failure);
        if last.is_ok() {
            break;
        }
    }
    Ok((last?, std::fs::read(path).unwrap()))
}
