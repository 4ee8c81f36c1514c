//! Servers that say nothing, or go away.

use std::io::Write;
use std::time::Duration;

use socket2::SockRef;
use windlass::domain::code::Code;
use windlass::domain::failure::FailureClass;
use windlass::fetch::{Client, Options};

use super::{download, download_with, get, head, ok, raw_server, serve, silent_server};

/// Little patience, with a server as with the test.
fn impatient() -> Client {
    let wait = Duration::from_millis(200);
    Client::new(&Options { first_byte: wait, idle: wait, ..Options::default() }).unwrap()
}

#[tokio::test]
async fn each_silence_has_its_own_words() {
    let headers = "Content-Length: 100\r\n";
    for (said, words, key) in [
        (Vec::new(), "no answer began within 200ms", "first_byte"),
        (b"HTTP/1.1 200 OK\r\nContent-".to_vec(), "no answer began within 200ms", "first_byte"),
        (ok(headers, b""), "broke off after 0 of 100 bytes: nothing came for 200ms", "idle"),
        (ok(headers, b"[1, 2"), "broke off after 5 of 100 bytes: nothing came for 200ms", "idle"),
    ] {
        let (url, _held) = silent_server(said);
        let failure = download_with(&impatient(), &get(&url), 1000, 1).await.unwrap_err();
        assert_eq!((failure.code, failure.class), (Code::HttpUnreachable, FailureClass::Transient), "{failure}");
        assert!(failure.message.contains(words), "{failure}");
        assert!(failure.hint.unwrap().contains(key), "{}", failure.message);
    }
    let (url, _held) = silent_server(ok(headers, b"{\"a\""));
    let error = impatient().json(&get(url)).await.unwrap_err();
    assert!(error.message.contains("nothing came for 200ms"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_slow_but_not_silent_is_waited_for() {
    let url = serve(1, |_, connection| {
        head(connection);
        connection.write_all(&ok("Content-Length: 6\r\n", b"")).unwrap();
        for byte in b"[1, 2]" {
            // Each well within the patience, all of them well beyond it: the time is what is tested.
            std::thread::sleep(Duration::from_millis(50));
            connection.write_all(&[*byte]).unwrap();
        }
    });
    assert_eq!(download_with(&impatient(), &get(url), 1000, 1).await.unwrap().1, b"[1, 2]");
}

#[tokio::test]
async fn a_connection_that_is_reset_is_a_transient_failure() {
    for said in [Vec::new(), ok("Content-Length: 100\r\n", b"[1, 2")] {
        let url = serve(1, move |_, connection| {
            head(connection);
            connection.write_all(&said).unwrap();
            // Closing it now sends a reset in place of an end.
            SockRef::from(&*connection).set_linger(Some(Duration::ZERO)).unwrap();
        });
        let failure = download(&get(url), 1000).await.unwrap_err();
        assert_eq!((failure.code, failure.class), (Code::HttpUnreachable, FailureClass::Transient), "{failure}");
    }
}

#[tokio::test]
async fn a_body_ends_where_its_length_says() {
    let answer = ok("Content-Length: 6\r\n", b"[1, 2], [3]");
    assert_eq!(download(&get(raw_server(vec![answer])), 1000).await.unwrap().1, b"[1, 2]");
}
