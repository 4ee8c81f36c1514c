//! Whether a body can be what was promised, seen from its first bytes.
//!
//! Servers answer `200` with a login page, an error page or nothing. A parser would say that line 1 is wrong; this says
//! what came instead. What the server calls the body is shown but not believed: many call everything `text/html`.

use super::download::Download;
use super::error::{FetchError, FetchErrorKind};
use super::status::excerpt;
use crate::domain::step::BodyFormat;

/// An error if the body is empty, or markup where data was promised.
pub fn check_body(download: &Download, format: BodyFormat) -> Result<(), FetchError> {
    let head = download.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&download.head).trim_ascii_start();
    let promised = match format {
        BodyFormat::Json => "JSON",
        BodyFormat::Ndjson => "NDJSON",
        BodyFormat::Csv => "CSV",
        BodyFormat::Parquet => "Parquet",
    };
    let called = download.content_type.as_deref().unwrap_or("not given");
    let complain = |came: String| {
        let message = format!("expected {promised}, {came} (status {}, Content-Type {called})", download.status);
        FetchError::new(&download.doing, FetchErrorKind::Format, message)
    };
    if is_blank(download) {
        return Err(complain("the body is empty".to_owned())
            .hinting("the server answered with success but without data; check what the request asks for"));
    }
    let lower: Vec<u8> = head.iter().take(16).map(u8::to_ascii_lowercase).collect();
    let markup = match format {
        BodyFormat::Csv => {
            [&b"<!doctype"[..], b"<html", b"<?xml", b"<head", b"<body"].iter().any(|tag| lower.starts_with(tag))
        }
        BodyFormat::Json | BodyFormat::Ndjson => lower.starts_with(b"<"),
        BodyFormat::Parquet => false,
    };
    if markup {
        let kind = if lower.starts_with(b"<?xml") { "XML" } else { "HTML" };
        return Err(complain(format!("{kind} came: `{}`", excerpt(head)))
            .hinting("servers send pages where they want a login or report an error; check url and auth"));
    }
    Ok(())
}

/// Whether there is nothing in a body but white space.
pub fn is_blank(download: &Download) -> bool {
    let head = download.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&download.head);
    head.trim_ascii().is_empty() && download.bytes <= download.head.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(format: BodyFormat, body: &[u8]) -> Option<String> {
        let download = Download {
            doing: "GET http://h/".into(),
            status: 200,
            content_type: Some("text/html".into()),
            bytes: body.len() as u64,
            head: body.to_vec(),
            url: "http://h/".into(),
            next: None,
        };
        check_body(&download, format).err().map(|error| error.message)
    }

    #[test]
    fn what_came_instead_is_said() {
        assert_eq!(
            complaint(BodyFormat::Json, b"\xef\xbb\xbf \n<!DOCTYPE html>\n<title>Log  in</title>").unwrap(),
            "expected JSON, HTML came: `<!DOCTYPE html> <title>Log in</title>` (status 200, Content-Type text/html)"
        );
        assert!(complaint(BodyFormat::Csv, b"<HTML>").unwrap().contains("HTML came"));
        assert!(complaint(BodyFormat::Ndjson, b"<?xml version='1.0'?>").unwrap().contains("XML came"));
        assert!(complaint(BodyFormat::Json, b" \r\n").unwrap().contains("the body is empty"));
    }

    #[test]
    fn data_by_a_wrong_name_is_data() {
        assert_eq!(complaint(BodyFormat::Json, b"[]"), None);
        assert_eq!(complaint(BodyFormat::Csv, b"<tag>,b\n1,2\n"), None);
    }
}
