//! Redirects are followed, secrets aren't.

use windlass::domain::code::Code;
use windlass::domain::failure::FailureClass;
use windlass::fetch::{Auth, Client, Options};
use wiremock::matchers::{header, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{download, download_with, get};

fn to(url: &str) -> ResponseTemplate {
    ResponseTemplate::new(302).insert_header("Location", url)
}

#[tokio::test]
async fn another_server_gets_neither_credentials_nor_headers() {
    let (first, other) = (MockServer::start().await, MockServer::start().await);
    Mock::given(path("/start"))
        .and(header("X-Api-Key", "secret"))
        .and(header("Authorization", "Bearer token"))
        .respond_with(to("/same"))
        .mount(&first)
        .await;
    Mock::given(path("/same"))
        .and(header("X-Api-Key", "secret"))
        .and(header("Authorization", "Bearer token"))
        .respond_with(to(&format!("{}/file", other.uri())))
        .mount(&first)
        .await;
    Mock::given(path("/file")).respond_with(ResponseTemplate::new(200).set_body_string("data")).mount(&other).await;
    let mut request = get(first.uri() + "/start");
    request.headers = vec![("X-Api-Key".into(), "secret".into())];
    request.auth = Some(Auth::Bearer("token".into()));
    assert_eq!(download(&request, 1000).await.unwrap().1, b"data");
    let seen = other.received_requests().await.unwrap();
    assert_eq!(seen.len(), 1);
    assert!(seen[0].headers.get("x-api-key").is_none() && seen[0].headers.get("authorization").is_none(), "{seen:?}");
}

#[tokio::test]
async fn circles_come_to_an_end() {
    let server = MockServer::start().await;
    Mock::given(path("/round")).respond_with(to("/round")).expect(11).mount(&server).await;
    let failure = download(&get(server.uri() + "/round"), 1000).await.unwrap_err();
    assert_eq!((failure.code, failure.class), (Code::HttpStatus, FailureClass::Permanent));
    assert!(failure.message.contains("more than 10 redirects"), "{failure}");
}

#[tokio::test]
async fn no_redirect_is_followed_where_none_is_allowed() {
    let server = MockServer::start().await;
    Mock::given(path("/old")).respond_with(to("/new")).mount(&server).await;
    let client = Client::new(&Options { redirects: 0, ..Options::default() }).unwrap();
    let failure = download_with(&client, &get(server.uri() + "/old"), 1000, 1).await.unwrap_err();
    assert!(failure.message.contains("more than 0 redirects") && failure.message.contains("/new"), "{failure}");
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}
