//! A real daemon, asked over plain sockets.

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpStream;

use crate::cli::folder::{Folder, Running};

/// The header of who has the token of `guarded`.
pub(super) const TOKEN: &str = "Authorization: Bearer s3cret\r\n";

/// A folder whose daemon wants a token, which lies in the file `token`, with a job `nightly` of one statement.
pub(super) async fn guarded(step: &str, statement: &str) -> Folder {
    let folder = Folder::new().await;
    let settings = std::fs::read_to_string(folder.path("windlass.yaml")).unwrap();
    folder.write("token", "s3cret\n");
    folder.write("windlass.yaml", &settings.replace("http: {", "http: {token_file: token, "));
    let sql = format!("sql: {{connection: pg, statement: \"{statement}\"}}");
    let head = "job: nightly\nschedule: {cron: \"@daily\"}\nparams: {day: {default: today}}\nsteps:\n  - id: ";
    folder.write("jobs/nightly.yaml", &format!("{head}{step}\n    {sql}\n"));
    folder
}

/// Where a daemon listens, once it is ready.
pub(super) async fn address(running: &Running) -> String {
    let line = running.says("listening").await;
    running.says("ready").await;
    line.split("address=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
}

/// Sends a request and reads the answer to its end.
pub(super) async fn ask(address: &str, method: &str, path: &str, headers: &str) -> String {
    let mut lines = stream(address, method, path, headers).await;
    let mut text = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// Sends a request and gives the answer's lines as they come.
pub(super) async fn stream(address: &str, method: &str, path: &str, headers: &str) -> Lines<BufReader<TcpStream>> {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = format!("{method} /api/v1{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    BufReader::new(socket).lines()
}
