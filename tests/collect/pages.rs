//! Pages: how the next one is found, and when there is none.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use windlass::domain::step::{BodyFormat, CollectSource, CursorTo, HttpSource, PageBy, PageSize, Paginate};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::world::{To, World, source};

/// A server that answers every request with what `answer` makes of its query parameters and body.
pub(super) async fn server(
    answer: impl Fn(&BTreeMap<String, String>, &Request) -> ResponseTemplate + Send + Sync + 'static,
) -> MockServer {
    let server = MockServer::start().await;
    let respond = move |request: &Request| answer(&request.url.query_pairs().into_owned().collect(), request);
    Mock::given(any()).respond_with(respond).mount(&server).await;
    server
}

/// The number that a query parameter holds.
pub(super) fn number(query: &BTreeMap<String, String>, name: &str) -> u64 {
    query.get(name).and_then(|value| value.parse().ok()).unwrap_or(0)
}

/// Records `from` to `to`, the last one not included, as far as there are that many.
pub(super) fn records(from: u64, to: u64, all: u64) -> Vec<Value> {
    (from..to.min(all)).map(|a| json!({"a": a})).collect()
}

pub(super) fn page(records: &[Value], beside: Value) -> ResponseTemplate {
    let mut page = beside;
    page["rows"] = records.into();
    ResponseTemplate::new(200).set_body_json(page)
}

pub(super) fn by(by: PageBy) -> Paginate {
    Paginate { by, until: None, stop_on_short: false, max_pages: 50, resume: true }
}

pub(super) fn numbered() -> PageBy {
    let size = PageSize { param: Some("size".into()), records: Some(10) };
    PageBy::Page { param: "page".into(), start: 1, size }
}

pub(super) fn cursor(to: CursorTo) -> PageBy {
    PageBy::Cursor { from: "/meta/next".into(), to }
}

pub(super) async fn world(server: &MockServer, paginate: Paginate, change: impl FnOnce(&mut HttpSource)) -> World {
    let mut source = source(&format!("{}/list?kind=x", server.uri()), BodyFormat::Json);
    source.records = Some("/rows".into());
    source.request.headers = vec![("X-Key".into(), "k".into())];
    source.paginate = Some(paginate);
    change(&mut source);
    World::new(To::DuckDb, CollectSource::Http(Box::new(source))).await
}

/// How many requests came, all of which had to have the first one's header and query.
pub(super) async fn asked(server: &MockServer) -> usize {
    let requests = server.received_requests().await.unwrap();
    for request in &requests {
        assert_eq!(request.headers["x-key"], "k");
        assert!(request.url.query_pairs().any(|(name, value)| name == "kind" && value == "x"), "{}", request.url);
    }
    requests.len()
}

/// That so many records came, each once.
pub(super) async fn assert_whole(world: &World, count: u64) {
    assert_eq!(world.run().await.unwrap().rows, Some(count));
    let expected = format!("{count} {count}");
    assert_eq!(world.value("select concat(count(*), ' ', count(distinct a)) from t").await, expected);
}

#[tokio::test]
async fn pages_are_counted_until_one_is_empty_or_short_or_the_last_as_the_job_says() {
    let until = Some("page.number >= page.body.pages and page.records < 10".to_owned());
    for (paginate, requests) in [
        (by(numbered()), 4),
        (Paginate { stop_on_short: true, ..by(numbered()) }, 3),
        (Paginate { until, ..by(numbered()) }, 3),
    ] {
        let server = server(|query, _| {
            let from = (number(query, "page") - 1) * number(query, "size");
            page(&records(from, from + 10, 25), json!({"pages": 3}))
        })
        .await;
        let world = world(&server, paginate, |_| {}).await;
        assert_whole(&world, 25).await;
        assert_eq!(asked(&server).await, requests);
        let progress = world.host.progress.lock().unwrap();
        assert!(progress.iter().any(|one| one.phase == "downloading page 3" && one.rows == Some(20)), "{progress:?}");
    }
}

#[tokio::test]
async fn an_offset_grows_by_what_came_and_not_by_what_was_asked_for() {
    let server = server(|query, _| {
        let from = number(query, "skip");
        // It gives four at most, however many are asked for.
        page(&records(from, from + number(query, "limit").min(4), 10), json!({}))
    })
    .await;
    let size = PageSize { param: Some("limit".into()), records: Some(10) };
    let world = world(&server, by(PageBy::Offset { param: "skip".into(), size }), |_| {}).await;
    assert_whole(&world, 10).await;
    assert_eq!(asked(&server).await, 4);
}

#[tokio::test]
async fn cursors_lead_on_in_a_parameter_in_json_and_as_an_address() {
    let answer = |at: u64, next: Value| page(&records(at * 3, at * 3 + 3, 8), json!({"meta": {"next": next}}));
    let in_parameter = server(move |query, _| match number(query, "after") {
        2 => answer(2, Value::Null),
        at => answer(at, json!(at + 1)),
    })
    .await;
    let world_of = world(&in_parameter, by(cursor(CursorTo::Param("after".into()))), |_| {}).await;
    assert_whole(&world_of, 8).await;
    assert_eq!(asked(&in_parameter).await, 3);

    let in_json = server(move |_, request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!((&body["who"], &body["n"]), (&json!("$HOME; 'a b'"), &json!(1)));
        match body["page"]["after"].as_str() {
            Some("c{{2}}") => answer(2, json!("")),
            Some(_) => answer(1, json!("c{{2}}")),
            None => answer(0, json!("c1")),
        }
    })
    .await;
    let world_of = world(&in_json, by(cursor(CursorTo::Json("/page/after".into()))), |source| {
        source.request.method = "POST".into();
        source.request.json = Some(json!({"who": "{{ params.who }}", "n": 1, "page": {}}));
    });
    assert_whole(&world_of.await, 8).await;
    assert_eq!(asked(&in_json).await, 3);

    let as_address = server(move |query, _| match number(query, "at") {
        2 => answer(2, Value::Null),
        at => answer(at, json!(format!("/list?kind=x&at={}", at + 1))),
    })
    .await;
    assert_whole(&world(&as_address, by(cursor(CursorTo::Url)), |_| {}).await, 8).await;
    assert_eq!(asked(&as_address).await, 3);
}

#[tokio::test]
async fn the_last_record_of_a_page_may_be_the_cursor() {
    let server = server(|query, _| {
        let from = query.get("after").map_or(0, |after| after.parse::<u64>().unwrap() + 1);
        page(&records(from, from + 3, 8), json!({}))
    })
    .await;
    let by_last = PageBy::Cursor { from: "/rows/-/a".into(), to: CursorTo::Param("after".into()) };
    assert_whole(&world(&server, by(by_last), |_| {}).await, 8).await;
    // The last page is empty, and so has no last record.
    assert_eq!(asked(&server).await, 4);
}

#[tokio::test]
async fn links_lead_on_also_past_an_empty_page() {
    let server = server(|query, _| {
        let at = number(query, "at");
        let answer = page(&if at == 1 { Vec::new() } else { records(at * 3, at * 3 + 3, 9) }, json!({}));
        let others = "</first>; rel=first";
        match at {
            2 => answer.insert_header("Link", others),
            _ => answer.insert_header("Link", format!("{others}, <?kind=x&at={}>; rel=\"next\"", at + 1)),
        }
    })
    .await;
    assert_whole(&world(&server, by(PageBy::Link), |_| {}).await, 6).await;
    assert_eq!(asked(&server).await, 3);
}

#[tokio::test]
async fn other_formats_have_pages_too() {
    for (format, lines) in
        [(BodyFormat::Ndjson, ["", "{\"a\": 1}\n", "{\"a\": 2}"]), (BodyFormat::Csv, ["a\n", "a\n1\n", "a\n2"])]
    {
        let server = server(move |query, _| {
            let text = lines.get(usize::try_from(number(query, "page")).unwrap()).unwrap_or(&lines[0]);
            ResponseTemplate::new(200).set_body_string(*text)
        })
        .await;
        let world = world(&server, by(numbered()), |source| {
            (source.format, source.records) = (format, None);
        })
        .await;
        assert_whole(&world, 2).await;
        assert_eq!(asked(&server).await, 3, "{format:?}");
    }
}

#[tokio::test]
async fn a_page_that_fails_is_asked_for_again_and_no_other() {
    let times = std::sync::Mutex::new(BTreeMap::<u64, u32>::new());
    let server = server(move |query, _| {
        let at = number(query, "page");
        let mut times = times.lock().unwrap();
        let tries = times.entry(at).or_default();
        *tries += 1;
        match (at, *tries) {
            (2, 1) => ResponseTemplate::new(503),
            (2, 2) => ResponseTemplate::new(429).insert_header("Retry-After", "0"),
            _ => page(&records(at * 10 - 10, at * 10, 25), json!({})),
        }
    })
    .await;
    let world = world(&server, by(numbered()), |_| {}).await;
    assert_whole(&world, 25).await;
    assert_eq!(asked(&server).await, 6);
    assert!(world.host.find("answered 503 Service Unavailable; try 2 of 4").is_some());
}
