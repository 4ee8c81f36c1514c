//! How requests are made: signed, encoded, tried again, held back.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;
use windlass::domain::code::Code;
use windlass::domain::failure::FailureClass;
use windlass::domain::step::{
    BodyFormat, CollectSource, HmacAuth, HttpAuth, HttpSource, RateLimit, SignatureAlgorithm, SignatureEncoding,
};
use windlass::fetch::signature;
use wiremock::matchers::{any, body_string, header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::world::{To, World, source};
use crate::fetch::{ok, recording_server};

const SECRET: &str = "아주 비밀";

fn rows() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!([{"a": 1}]))
}

async fn world(server: &MockServer, change: impl FnOnce(&mut HttpSource)) -> World {
    let mut source = source(&format!("{}/보고서?b=2&a=1", server.uri()), BodyFormat::Json);
    change(&mut source);
    World::new(To::DuckDb, CollectSource::Http(Box::new(source))).await
}

/// As advertising APIs want it.
fn sign(source: &mut HttpSource) {
    source.request.headers =
        vec![("X-Timestamp".into(), "{{ request.timestamp }}".into()), ("X-API-KEY".into(), "key".into())];
    source.request.auth = Some(HttpAuth::Hmac(Box::new(HmacAuth {
        secret: SECRET.into(),
        message: "{{ request.timestamp }}.{{ request.method }}.{{ request.path }}".into(),
        header: "X-Signature".into(),
        encoding: SignatureEncoding::Base64,
        algorithm: SignatureAlgorithm::Sha256,
    })));
}

/// A server whose clock is so many seconds ahead, and that refuses signatures of more than a minute ago or ahead.
async fn signing_server(ahead_s: u64) -> MockServer {
    let server = MockServer::start().await;
    let answer = move |request: &Request| {
        let now = std::time::SystemTime::now() + Duration::from_secs(ahead_s);
        let sent = request.headers["x-timestamp"].to_str().unwrap().to_owned();
        let message = format!("{sent}.{}.{}", request.method, request.url.path());
        let right = signature(SignatureAlgorithm::Sha256, SignatureEncoding::Base64, SECRET, &message).unwrap();
        let ours = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
        let fresh = sent.parse::<u128>().unwrap().abs_diff(ours) < 60_000;
        if request.headers["x-signature"] == right.as_str() && fresh {
            return rows();
        }
        ResponseTemplate::new(403)
            .insert_header("Date", httpdate::fmt_http_date(now))
            .set_body_string("Invalid Timestamp")
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

#[tokio::test]
async fn a_signature_is_accepted_also_where_the_clocks_differ() {
    for (ahead_s, requests) in [(0, 1), (7200, 2)] {
        let server = signing_server(ahead_s).await;
        let world = world(&server, sign).await;
        assert_eq!(world.run().await.unwrap().rows, Some(1));
        assert_eq!(server.received_requests().await.unwrap().len(), requests);
        assert_eq!(world.host.find("signing once more with the server's time").is_some(), ahead_s > 0);
    }
    // Nothing but the clock is mended: who is refused for another reason stays so.
    let server = signing_server(7200).await;
    let world = world(&server, |source| {
        sign(source);
        if let Some(HttpAuth::Hmac(hmac)) = &mut source.request.auth {
            hmac.secret = "another".into();
        }
    })
    .await;
    let failure = world.failure().await;
    assert_eq!((failure.code, failure.class), (Code::HttpStatus, FailureClass::Permanent));
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}

#[tokio::test]
async fn bodies_arrive_as_json_and_as_a_form() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(header("Content-Type", "application/json"))
        .and(body_string("{\"who\":\"$HOME; 'a b'\",\"on\":[true,1.5]}"))
        .respond_with(rows())
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(header("Content-Type", "application/x-www-form-urlencoded"))
        .and(body_string("who=%24HOME%3B+%27a+b%27&%EB%82%A0=2026-11-21"))
        .respond_with(rows())
        .mount(&server)
        .await;
    let as_json = world(&server, |source| {
        source.request.method = "POST".into();
        source.request.json = Some(json!({"who": "{{ params.who }}", "on": [true, 1.5]}));
    });
    assert_eq!(as_json.await.run().await.unwrap().rows, Some(1));
    let as_form = world(&server, |source| {
        source.request.method = "POST".into();
        let day = "{{ run.scheduled_for | date }}".into();
        source.request.form = Some(vec![("who".into(), "{{ params.who }}".into()), ("날".into(), day)]);
    });
    assert_eq!(as_form.await.run().await.unwrap().rows, Some(1));
}

/// A server that answers with these, one after the other, and then with rows.
async fn answering(answers: Vec<ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    let answers = Mutex::new(answers.into_iter());
    let answer = move |_: &Request| answers.lock().unwrap().next().unwrap_or_else(rows);
    Mock::given(path("/%EB%B3%B4%EA%B3%A0%EC%84%9C")).respond_with(answer).mount(&server).await;
    server
}

#[tokio::test]
async fn a_request_is_tried_again_where_that_can_help_and_does_no_harm() {
    let status = ResponseTemplate::new;
    let asking = |status: u16| ResponseTemplate::new(status).insert_header("Retry-After", "0");
    // Method, repeatable, answers before the good one, how many requests are sent.
    for (method, repeatable, answers, requests) in [
        ("GET", false, vec![status(500), status(408), status(425)], 4),
        ("GET", false, vec![status(500), status(500), status(500), status(500)], 4),
        ("GET", false, vec![status(404)], 1),
        ("POST", false, vec![status(500)], 1),
        ("POST", false, vec![status(503)], 1),
        ("POST", false, vec![asking(503), status(429)], 3),
        ("POST", true, vec![status(500), status(502)], 3),
        ("DELETE", false, vec![status(502)], 2),
    ] {
        let bad = answers.len();
        let shown = format!("{method} {repeatable} {answers:?}");
        let server = answering(answers).await;
        let world = world(&server, |source| {
            source.request.method = method.into();
            source.retry.repeatable = repeatable;
        })
        .await;
        let result = world.run().await;
        assert_eq!(server.received_requests().await.unwrap().len(), requests, "{shown}: {result:?}");
        assert_eq!(result.is_ok(), requests == bad + 1, "{shown}: {result:?}");
        if let Err(failure) = result {
            assert_eq!(failure.message.contains("(after 4 tries)"), requests == 4, "{failure}");
            let told = failure.hint.unwrap_or_default().contains("repeatable: true");
            assert_eq!(told, method == "POST", "{shown}");
        }
    }
}

#[tokio::test]
async fn a_pause_that_is_too_long_for_a_request_is_left_to_the_step() {
    let soon = httpdate::fmt_http_date(std::time::SystemTime::now() + Duration::from_hours(1));
    for asked in ["3600", &soon] {
        let server = answering(vec![ResponseTemplate::new(429).insert_header("Retry-After", asked)]).await;
        let failure = world(&server, |_| {}).await.failure().await;
        assert_eq!((failure.code, failure.class), (Code::HttpStatus, FailureClass::Transient));
        assert!(failure.retry_after_s.is_some_and(|pause| pause > 3500), "{failure:?}");
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn requests_of_one_name_share_a_rate_and_waiting_for_it_can_be_stopped() {
    let server = answering(Vec::new()).await;
    let limited = |source: &mut HttpSource| {
        source.rate_limit =
            Some(RateLimit { requests: 1, per: Duration::from_hours(1), by: Some("api/{{ params.who }}".into()) });
    };
    let mut first = world(&server, limited).await;
    assert_eq!(first.run().await.unwrap().rows, Some(1));
    // Another step of the same daemon.
    first.next_run();
    let stop = async {
        let waiting = first.host.progress_with(|progress| progress.phase.contains("waiting for the rate limit")).await;
        assert_eq!(waiting.phase, "waiting for the rate limit of api/$HOME; 'a b' (1 in 1h)");
        first.context.stop.cancel();
    };
    let (failure, ()) = tokio::join!(first.failure(), stop);
    assert_eq!(failure.code, Code::Cancelled);
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_charset_of_the_job_outweighs_the_servers() {
    // `똠` and `펲` are in CP949 and not in the narrower EUC-KR.
    for (text, called) in [("이름\n삼성전자\n", "text/csv"), ("이름\n똠방각하 펲시콜라\n", "text/csv; charset=utf-8")]
    {
        let (body, _, lossy) = encoding_rs::EUC_KR.encode(text);
        assert!(!lossy);
        let server = answering(vec![ResponseTemplate::new(200).set_body_raw(body.into_owned(), called)]).await;
        let world = world(&server, |source| {
            (source.format, source.charset) = (BodyFormat::Csv, Some("cp949".into()));
        });
        let world = world.await;
        world.run().await.unwrap();
        let expected = text.lines().nth(1).unwrap();
        assert_eq!(world.value("select \"이름\" from t").await, expected);
    }
}

#[tokio::test]
async fn files_that_are_served_compressed_are_read() {
    let text = b"a,b\n1,2\n3,4\n";
    for body in [
        zstd::encode_all(&text[..], 0).unwrap(),
        [zstd::encode_all(&text[..4], 0).unwrap(), zstd::encode_all(&text[4..], 0).unwrap()].concat(),
    ] {
        let server = answering(vec![ResponseTemplate::new(200).set_body_raw(body, "application/zstd")]).await;
        let world = world(&server, |source| source.format = BodyFormat::Csv).await;
        assert_eq!(world.run().await.unwrap().rows, Some(2));
    }
    let bomb = zstd::encode_all(&*b"a\n1\n".repeat(5_000_000), 0).unwrap();
    assert!(bomb.len() < 50_000);
    let server = answering(vec![ResponseTemplate::new(200).set_body_raw(bomb, "application/zstd")]).await;
    let failure = world(&server, |source| source.format = BodyFormat::Csv).await.failure().await;
    assert_eq!(failure.code, Code::BodyTooLarge, "{failure}");
}

#[tokio::test]
async fn an_answer_that_says_that_something_went_wrong_is_not_loaded() {
    let answer = |code: &str| json!({"header": {"code": code, "rows": 1}, "rows": [{"a": 1}]});
    for (code, loaded) in [("00", true), ("99", false)] {
        let server = answering(vec![ResponseTemplate::new(200).set_body_json(answer(code))]).await;
        let mut world = world(&server, |source| source.records = Some("/rows".into())).await;
        world.step.expect.json = vec![("/header/code".into(), "00".into()), ("/header/rows".into(), 1.into())];
        match world.run().await {
            Ok(outcome) => assert_eq!((outcome.rows, loaded), (Some(1), true)),
            Err(failure) => {
                assert_eq!(
                    (failure.code, failure.class, loaded),
                    (Code::Expectation, FailureClass::Expectation, false)
                );
                assert!(failure.message.contains("expected `/header/code` to be \"00\", found \"99\""), "{failure}");
            }
        }
    }
}

#[tokio::test]
async fn a_download_that_breaks_off_goes_on_within_the_attempt() {
    let body = b"a,b\n1,2\n3,4\n";
    let begun = ok("Content-Length: 12\r\nETag: \"v1\"\r\n", &body[..5]);
    let head = "HTTP/1.1 206 Partial Content\r\nConnection: close\r\nContent-Range: bytes 5-11/12\r\nContent-Length: 7\r\n\r\n";
    let (url, requests) = recording_server(vec![begun, [head.as_bytes(), &body[5..]].concat()]);
    let world = World::new(To::DuckDb, super::world::http(&url, BodyFormat::Csv)).await;
    assert_eq!(world.run().await.unwrap().rows, Some(2));
    assert!(requests.iter().nth(1).unwrap().contains("range: bytes=5-"));
    assert!(world.host.find("broke off after 5 of 12 bytes").is_some());
}
