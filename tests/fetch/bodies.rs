//! A body has arrived when all of it has.

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use windlass::domain::code::Code;
use windlass::domain::failure::FailureClass;

use super::{download, get, ok, raw_server};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_body_that_breaks_off_is_a_transient_failure_that_says_where() {
    let compressed = gzip(&(0..50_000).flat_map(|number: u32| number.to_le_bytes()).collect::<Vec<_>>());
    let half = &compressed[..compressed.len() / 2];
    let gzip_headers = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", half.len());
    let cases = [
        (ok("Content-Length: 100\r\n", b"[1, 2"), "broke off after 5 of 100 bytes"),
        (ok("Transfer-Encoding: chunked\r\n", b"5\r\n[1, 2\r\n"), "broke off after 5 bytes"),
        (ok(&gzip_headers, half), "broke off after"),
        (b"HTTP/1.1 200 OK\r\nContent-Le".to_vec(), "GET"),
        (Vec::new(), "GET"),
    ];
    for (answer, words) in cases {
        let shown = String::from_utf8_lossy(&answer).into_owned();
        let failure = download(&get(raw_server(vec![answer])), 1_000_000).await.unwrap_err();
        assert_eq!(
            (failure.code, failure.class),
            (Code::HttpUnreachable, FailureClass::Transient),
            "{shown}: {failure}"
        );
        assert!(failure.message.contains(words), "{failure}");
    }
}

#[tokio::test]
async fn a_body_larger_than_allowed_is_given_up() {
    let bomb = gzip(&vec![b'0'; 20_000_000]);
    assert!(bomb.len() < 50_000);
    let gzip_headers = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", bomb.len());
    for answer in [ok("Content-Length: 100001\r\n", b""), ok(&gzip_headers, &bomb), ok("", &vec![b'0'; 200_000])] {
        let failure = download(&get(raw_server(vec![answer])), 100_000).await.unwrap_err();
        assert_eq!((failure.code, failure.class), (Code::BodyTooLarge, FailureClass::Permanent), "{failure}");
        assert!(failure.hint.unwrap().contains("max_bytes"));
    }
}

/// `한글 `, ten thousand times, in Brotli.
const BROTLI: &str = "5b6f1181df913af5a1e525887a7b01e2562567dc16091c4908d802";

#[tokio::test]
async fn compressed_bodies_arrive_plain() {
    let body = "한글 ".repeat(10_000).into_bytes();
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(&body).unwrap();
    let digits: Vec<char> = BROTLI.chars().collect();
    let brotli = digits.chunks(2).map(|pair| u8::from_str_radix(&String::from_iter(pair), 16).unwrap()).collect();
    for (encoding, compressed) in [
        ("gzip", gzip(&body)),
        ("deflate", zlib.finish().unwrap()),
        ("zstd", zstd::encode_all(&*body, 0).unwrap()),
        ("br", brotli),
    ] {
        let headers = format!("Content-Encoding: {encoding}\r\nContent-Length: {}\r\n", compressed.len());
        let (told, bytes) = download(&get(raw_server(vec![ok(&headers, &compressed)])), 1_000_000).await.unwrap();
        assert_eq!((told.bytes, bytes.as_slice()), (body.len() as u64, body.as_slice()), "{encoding}");
        let failure = download(&get(raw_server(vec![ok(&headers, &compressed)])), 10_000).await.unwrap_err();
        assert_eq!(failure.code, Code::BodyTooLarge, "{encoding}: {failure}");
    }
}
