//! Outgoing HTTP, against real servers on loopback.

mod bodies;
mod redirects;
mod statuses;

use std::io::{Read, Write};
use std::net::TcpListener;

use windlass::domain::failure::Failure;
use windlass::fetch::{Client, Download, FetchError, Request};

/// A server that takes one connection after the other and answers each with the next of these bytes, whatever is
/// asked; then it closes the connection. Its thread ends after the last answer.
pub(crate) fn raw_server(answers: Vec<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for answer in answers {
            let Ok((mut connection, _)) = listener.accept() else { return };
            let mut asked = Vec::new();
            let mut buffer = [0; 1024];
            while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
                match connection.read(&mut buffer) {
                    Ok(count @ 1..) => asked.extend_from_slice(&buffer[..count]),
                    _ => break,
                }
            }
            // A client that has had enough closes first.
            drop(connection.write_all(&answer));
        }
    });
    address
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

/// Downloads into a folder that is gone afterwards.
async fn download(request: &Request, max_bytes: u64) -> Result<(Download, Vec<u8>), Failure> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("body");
    let client = Client::new().unwrap();
    let download = client.download(request, &path, max_bytes, |_, _| {}).await.map_err(FetchError::failure)?;
    Ok((download, std::fs::read(path).unwrap()))
}
