//! Pages that would never end, lead elsewhere, or are none.

use serde_json::json;
use windlass::domain::code::Code;
use windlass::domain::failure::{Failure, FailureClass};
use windlass::domain::step::{CursorTo, PageBy, Paginate};
use wiremock::{MockServer, ResponseTemplate};

use super::pages::{asked, assert_whole, by, cursor, number, numbered, page, records, server, world};

async fn failure(server: &MockServer, paginate: Paginate) -> Failure {
    let failure = world(server, paginate, |_| {}).await.failure().await;
    assert_eq!(failure.class, FailureClass::Permanent, "{failure}");
    assert!(failure.message.contains(&server.uri()), "{failure}");
    failure
}

#[tokio::test]
async fn what_would_never_end_is_a_failure_that_says_what_repeats() {
    let ignoring = server(|_, _| page(&records(0, 3, 9), json!({"request": uuid::Uuid::now_v7().to_string()}))).await;
    let message = failure(&ignoring, by(numbered())).await.message;
    assert!(
        message.contains("page 2 has the same records as the page before; the server seems to ignore `page`"),
        "{message}"
    );
    assert_eq!(asked(&ignoring).await, 2);

    let circling = server(|query, _| {
        let at = number(query, "after");
        page(&records(at, at + 1, 9), json!({"meta": {"next": (at + 1) % 3 + 1}}))
    })
    .await;
    let message = failure(&circling, by(cursor(CursorTo::Param("after".into())))).await.message;
    assert!(message.contains("repeats the cursor `2`"), "{message}");

    let looping = server(|query, _| {
        let at = number(query, "at");
        let link = format!("</list?kind=x&at={}>; rel=next", 1 - at);
        page(&records(at, at + 1, 9), json!({})).insert_header("Link", link)
    })
    .await;
    let message = failure(&looping, by(PageBy::Link)).await.message;
    assert!(message.contains("the link of page 3 leads back to an earlier page"), "{message}");

    let endless =
        server(|query, _| page(&records(number(query, "page"), number(query, "page") + 1, 1000), json!({}))).await;
    let message = failure(&endless, Paginate { max_pages: 5, ..by(numbered()) }).await.message;
    assert!(message.contains("more pages than `max_pages` allows: 5"), "{message}");
    assert_eq!(asked(&endless).await, 5);
}

#[tokio::test]
async fn an_empty_page_that_repeats_its_cursor_is_the_end() {
    let server = server(|query, _| {
        let at = number(query, "after").min(2);
        page(&records(at, at + 1, 2), json!({"meta": {"next": (at + 1).min(2)}}))
    })
    .await;
    assert_whole(&world(&server, by(cursor(CursorTo::Param("after".into()))), |_| {}).await, 2).await;
}

#[tokio::test]
async fn the_next_page_of_another_host_is_not_asked_for() {
    let other = server(|_, _| page(&[], json!({}))).await;
    let there = other.uri();
    let server =
        server(move |_, _| page(&records(0, 1, 1), json!({})).insert_header("Link", format!("<{there}/x>; rel=next")))
            .await;
    let failure = world(&server, by(PageBy::Link), |_| {}).await.failure().await;
    assert!(failure.message.contains("another place than"), "{failure}");
    assert!(other.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_page_that_is_an_error_in_disguise_is_not_the_end() {
    let server = server(|query, _| match number(query, "page") {
        1 => page(&records(0, 10, 10), json!({"code": "00"})),
        _ => ResponseTemplate::new(200).set_body_json(json!({"code": "99", "message": "slow down"})),
    })
    .await;
    let told = failure(&server, by(numbered())).await;
    assert!(told.code == Code::BodyFormat && told.message.contains("there is no `/rows` on this page"), "{told}");
    let without = world(&server, by(numbered()), |source| source.records = None).await.failure().await;
    assert!(without.message.contains("`records` says where the records of a page are"), "{without}");
    let mut world = world(&server, by(numbered()), |_| {}).await;
    world.step.expect.json = vec![("/code".into(), "00".into())];
    let told = world.failure().await;
    assert_eq!((told.code, told.class), (Code::Expectation, FailureClass::Expectation));
    assert!(told.message.contains("expected `/code` to be \"00\", found \"99\""), "{told}");
}

#[tokio::test]
async fn all_pages_together_are_no_larger_than_allowed() {
    let server = server(|query, _| {
        let at = number(query, "page");
        page(&records(at * 10 - 10, at * 10, 10_000), json!({}))
    })
    .await;
    let failure = world(&server, by(numbered()), |source| source.max_bytes = 500).await.failure().await;
    assert_eq!(failure.code, Code::BodyTooLarge, "{failure}");
    assert!(failure.message.contains("all pages together are larger than 500 bytes"), "{failure}");
}
