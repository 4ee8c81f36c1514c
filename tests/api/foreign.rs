//! Requests that another site's page sends, and names that lead here by mistake or malice.

use windlass::api::Access;

use super::client::{Api, operator};

#[tokio::test]
async fn what_changes_something_must_come_from_this_servers_own_pages_or_from_no_browser() {
    let api = Api::start(Some("s3cret")).await;
    let own = format!("Origin: http://{}\r\n", api.address);
    let host = format!("Host: {}\r\n", api.address);
    for (headers, status) in [
        (String::new(), 303),
        ("Sec-Fetch-Site: same-origin\r\n".to_owned(), 303),
        ("Sec-Fetch-Site: none\r\n".to_owned(), 303),
        (format!("{own}{host}"), 303),
        ("Sec-Fetch-Site: cross-site\r\n".to_owned(), 403),
        ("Sec-Fetch-Site: same-site\r\n".to_owned(), 403),
        ("Origin: https://evil.example\r\n".to_owned(), 403),
        ("Origin: null\r\n".to_owned(), 403),
    ] {
        let answer = api.send("POST", "/logout", &headers, "").await;
        assert_eq!(answer.status, status, "{headers}{}", answer.body);
    }
    let refused = api.send("POST", "/logout", "Sec-Fetch-Site: cross-site\r\n", "").await;
    assert_eq!(refused.json()["code"], "WL1003");
    // Looking is allowed: a link on another page may lead here.
    assert_eq!(api.get("/login", "Sec-Fetch-Site: cross-site\r\n").await.status, 200);
    api.stop().await;
}

#[tokio::test]
async fn without_a_token_only_names_of_this_machine_and_the_public_one_are_answered() {
    let api = Api::start_for(Access::new(Vec::new(), Some("http://windlass.example"))).await;
    for (host, status) in [
        ("localhost:8321", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("windlass.example", 200),
        ("evil.example", 403),
    ] {
        assert_eq!(api.get("/metrics", &format!("Host: {host}\r\n")).await.status, status, "{host}");
    }
    api.stop().await;
    let guarded = Api::start_for(Access::new(vec![operator("s3cret")], None)).await;
    assert_eq!(
        guarded.get("/healthz", "Host: windlass.internal\r\n").await.status,
        200,
        "a token is protection enough"
    );
    guarded.stop().await;
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused() {
    let api = Api::start(Some("s3cret")).await;
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let long = format!("token={}", "x".repeat(300 * 1024));
    assert_eq!(api.send("POST", "/login", form, &long).await.status, 413);
    api.stop().await;
}
