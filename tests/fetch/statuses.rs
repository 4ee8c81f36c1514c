//! What servers say, and what follows from it.

use windlass::domain::code::Code;
use windlass::domain::failure::{FailureClass, Side};
use windlass::fetch::{Auth, Request};
use wiremock::matchers::{basic_auth, body_string, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{client, download, get};

#[tokio::test]
async fn statuses_that_may_pass_are_transient_and_others_are_not() {
    let server = MockServer::start().await;
    for (status, class) in [
        (408, FailureClass::Transient),
        (425, FailureClass::Transient),
        (429, FailureClass::Transient),
        (500, FailureClass::Transient),
        (503, FailureClass::Transient),
        (304, FailureClass::Permanent),
        (400, FailureClass::Permanent),
        (401, FailureClass::Permanent),
        (404, FailureClass::Permanent),
    ] {
        let answer = ResponseTemplate::new(status).set_body_string("{\"why\":\n  \"이유\"}");
        Mock::given(path(format!("/{status}"))).respond_with(answer).mount(&server).await;
        let url = format!("{}/{status}", server.uri());
        let failure = download(&get(&url), 1000).await.unwrap_err();
        assert_eq!((failure.code, failure.class, failure.side), (Code::HttpStatus, class, Side::Source), "{status}");
        assert!(failure.message.starts_with(&format!("GET {url}: the server answered {status}")), "{failure}");
        assert!(status == 304 || failure.message.ends_with("{\"why\": \"이유\"}"), "{failure}");
        assert_eq!(failure.hint.is_some(), class == FailureClass::Permanent || status == 429, "{failure:?}");
    }
}

#[tokio::test]
async fn the_pause_that_a_server_asks_for_is_kept() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(429).insert_header("Retry-After", "7");
    Mock::given(path("/seconds")).respond_with(answer).mount(&server).await;
    let answer = ResponseTemplate::new(503).insert_header("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT");
    Mock::given(path("/date")).respond_with(answer).mount(&server).await;
    let answer = ResponseTemplate::new(404).insert_header("Retry-After", "7");
    Mock::given(path("/never")).respond_with(answer).mount(&server).await;
    for (where_to, pause) in [("/seconds", Some(7)), ("/date", Some(0)), ("/never", None)] {
        let failure = download(&get(server.uri() + where_to), 1000).await.unwrap_err();
        assert_eq!(failure.retry_after_s, pause, "{where_to}");
    }
}

#[tokio::test]
async fn a_request_arrives_as_it_was_written() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/a"))
        .and(query_param("날짜", "2026 11&20"))
        .and(query_param("b", "1"))
        .and(header("X-Key", "k"))
        .and(header("Content-Type", "application/json"))
        .and(basic_auth("나", "p:w"))
        .and(body_string("{\"x\": 1}"))
        .respond_with(ResponseTemplate::new(200).set_body_string("yes"))
        .mount(&server)
        .await;
    let request = Request {
        method: "POST".into(),
        url: format!("{}/a?b=1", server.uri()),
        headers: vec![("X-Key".into(), "k".into())],
        query: vec![("날짜".into(), "2026 11&20".into())],
        body: Some("{\"x\": 1}".into()),
        auth: Some(Auth::Basic { user: "나".into(), password: "p:w".into() }),
        ..Request::default()
    };
    assert_eq!(download(&request, 1000).await.unwrap().1, b"yes");
}

#[tokio::test]
async fn a_password_in_the_address_is_sent_and_not_told() {
    let server = MockServer::start().await;
    Mock::given(basic_auth("me", "p@ss")).respond_with(ResponseTemplate::new(403)).mount(&server).await;
    let url = server.uri().replace("http://", "http://me:p%40ss@");
    let failure = download(&get(url), 1000).await.unwrap_err();
    assert!(failure.message.contains("answered 403") && !failure.message.contains("p%40ss"), "{failure}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_transient_and_tls_that_fails_is_not() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let failure = download(&get(format!("http://127.0.0.1:{port}/x")), 1000).await.unwrap_err();
    assert_eq!((failure.code, failure.class), (Code::HttpUnreachable, FailureClass::Transient));
    assert!(failure.message.contains("refused"), "{failure}");
    let failure = download(&get("http://no-such-host.invalid/x"), 1000).await.unwrap_err();
    assert_eq!((failure.code, failure.class), (Code::HttpUnreachable, FailureClass::Transient), "{failure}");
    let plain = super::raw_server(vec![b"HTTP/1.1 200 OK\r\n\r\n".to_vec()]).replace("http", "https");
    let failure = download(&get(plain), 1000).await.unwrap_err();
    assert_eq!(failure.code, Code::HttpUnreachable, "{failure}");
}

#[tokio::test]
async fn small_answers_are_read_as_json() {
    let server = MockServer::start().await;
    for (place, body) in [("/ok", "\u{feff}{\"id\": 7}"), ("/html", "<html>no</html>"), ("/empty", " ")] {
        Mock::given(path(place)).respond_with(ResponseTemplate::new(200).set_body_string(body)).mount(&server).await;
    }
    let client = client();
    assert_eq!(client.json(&get(server.uri() + "/ok")).await.unwrap()["id"], 7);
    for (place, word) in [("/html", "the answer begins `<html>no</html>`"), ("/empty", "the answer is empty")] {
        let failure = client.json(&get(server.uri() + place)).await.unwrap_err().failure();
        assert_eq!(failure.code, Code::BodyFormat);
        assert!(failure.message.contains(word), "{failure}");
    }
}

#[tokio::test]
async fn a_server_whose_clock_differs_and_that_refuses_us_says_so() {
    let server = MockServer::start().await;
    for (place, status, date) in [
        ("/late", 401, "Wed, 21 Oct 2015 07:28:00 GMT"),
        ("/early", 403, "Sat, 31 Dec 2050 00:00:00 GMT"),
        ("/other", 400, "Wed, 21 Oct 2015 07:28:00 GMT"),
    ] {
        let answer = ResponseTemplate::new(status).insert_header("Date", date);
        Mock::given(path(place)).respond_with(answer).mount(&server).await;
    }
    for (place, words) in
        [("/late", "behind this machine's"), ("/early", "ahead of this machine's"), ("/other", "check query")]
    {
        let hint = download(&get(server.uri() + place), 1000).await.unwrap_err().hint.unwrap();
        assert!(hint.contains(words), "{place}: {hint}");
    }
}
