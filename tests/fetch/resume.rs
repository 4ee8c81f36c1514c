//! A body that broke off is gone on with, where the server lets us and its data is still the same.

use windlass::domain::code::Code;

use super::{client, download_with, get, ok, recording_server};

const BODY: &[u8] = b"0123456789";

/// The rest of the body after so many bytes.
fn rest(from: usize) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\nConnection: close\r\nContent-Range: bytes {from}-9/10\r\nContent-Length: {}\r\n\r\n",
        10 - from
    );
    [head.as_bytes(), &BODY[from..]].concat()
}

#[tokio::test]
async fn the_rest_is_asked_for_with_the_version_that_broke_off() {
    let date = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    for (validator, expected) in [("ETag: \"v1\"\r\n", "if-range: \"v1\""), (date, "if-range: Sun, 06 Nov 1994")] {
        let broken = ok(&format!("Content-Length: 10\r\n{validator}"), &BODY[..4]);
        // The rest breaks off as well.
        let again = rest(4)[..rest(4).len() - 3].to_vec();
        let (url, requests) = recording_server(vec![broken, again, rest(7)]);
        let (told, bytes) = download_with(&client(), &get(url), 1000, 3).await.unwrap();
        assert_eq!((told.bytes, told.status, bytes.as_slice(), told.head.as_slice()), (10, 200, BODY, BODY));
        let asked: Vec<String> = requests.iter().collect();
        assert!(!asked[0].contains("range:"), "{}", asked[0]);
        assert!(asked[1].contains("range: bytes=4-") && asked[1].contains(expected), "{}", asked[1]);
        assert!(asked[1].contains("accept-encoding: identity"), "{}", asked[1]);
        assert!(asked[2].contains("range: bytes=7-") && asked[2].contains(expected), "{}", asked[2]);
    }
}

#[tokio::test]
async fn a_body_that_has_changed_or_cannot_be_told_from_others_begins_anew() {
    let whole = ok("Content-Length: 5\r\n", b"other");
    for (headers, asks) in [("ETag: \"v1\"\r\n", true), ("ETag: W/\"v1\"\r\n", false), ("", false)] {
        let broken = ok(&format!("Content-Length: 10\r\n{headers}"), &BODY[..4]);
        let (url, requests) = recording_server(vec![broken, whole.clone()]);
        let (told, bytes) = download_with(&client(), &get(url), 1000, 2).await.unwrap();
        assert_eq!((told.bytes, bytes.as_slice()), (5, &b"other"[..]));
        assert_eq!(requests.iter().nth(1).unwrap().contains("range:"), asks, "{headers}");
    }
}

#[tokio::test]
async fn a_part_that_was_not_asked_for_is_no_body() {
    let broken = ok("Content-Length: 10\r\nETag: \"v1\"\r\n", &BODY[..4]);
    let (url, _requests) = recording_server(vec![broken.clone(), rest(5)]);
    let failure = download_with(&client(), &get(url), 1000, 2).await.unwrap_err();
    assert_eq!(failure.code, Code::HttpUnreachable);
    assert!(failure.message.contains("another part"), "{failure}");
    // Nor is it believed later.
    let (url, _requests) = recording_server(vec![broken, rest(5), ok("", BODY)]);
    assert_eq!(download_with(&client(), &get(url), 1000, 3).await.unwrap().1, BODY);
}
