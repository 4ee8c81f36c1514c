//! Tokens, sessions of browsers, and what happens to who guesses.

use windlass::api::{Access, NamedToken, Token};
use windlass::domain::role::Role;

use super::client::{Answer, Api, operator};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// The cookie that an answer sets, without what is said about it.
fn cookie(answer: &Answer) -> String {
    let set = answer.header("set-cookie").unwrap_or_else(|| panic!("no cookie: {}", answer.head));
    set.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_browser_signs_in_is_known_by_every_daemon_with_the_token_and_signs_out() {
    let api = Api::start(Some("s3cret")).await;
    let sent = api.get("/metrics?a=b", "Accept: text/html,*/*\r\n").await;
    assert_eq!((sent.status, sent.header("location")), (303, Some("/login?next=%2fmetrics%3fa%3db")));
    let form = api.get("/login?next=/metrics", "").await;
    assert!(form.status == 200 && form.body.contains("value=\"/metrics\""), "{}", form.body);

    let wrong = api.send("POST", "/login", FORM, "token=wrong&next=/metrics").await;
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, None));
    assert!(wrong.body.contains("isn't known"), "{}", wrong.body);

    let right = api.send("POST", "/login", FORM, "token=s3cret&next=/metrics").await;
    assert_eq!((right.status, right.header("location")), (303, Some("/metrics")));
    let set = right.header("set-cookie").unwrap();
    assert!(set.contains("httponly") && set.contains("samesite=strict") && !set.contains("secure"), "{set}");
    assert!(!set.contains("s3cret"), "{set}");
    let session = format!("Cookie: other=1; {}\r\n", cookie(&right));
    let again = Api::start(Some("s3cret")).await;
    for api in [&api, &again] {
        assert_eq!(api.get("/metrics", &session).await.status, 200);
        let through_proxy = format!("{session}Authorization: Basic YTpi\r\n");
        assert_eq!(api.get("/metrics", &through_proxy).await.status, 200, "what a proxy asked for is none of ours");
    }
    let replaced = Api::start(Some("another")).await;
    assert_eq!(replaced.get("/metrics", &session).await.status, 401);

    let out = api.send("POST", "/logout", &session, "").await;
    assert_eq!((out.status, cookie(&out).as_str()), (303, "windlass_session="));
    assert!(out.header("set-cookie").unwrap().contains("max-age=0"), "{}", out.head);
    for api in [api, again, replaced] {
        api.stop().await;
    }
}

#[tokio::test]
async fn over_https_the_cookie_is_for_https_and_this_host_only() {
    let access = Access::new(vec![operator("s3cret")], Some("https://windlass.example"));
    let api = Api::start_for(access).await;
    let right = api.send("POST", "/login", FORM, "token=s3cret&next=//evil.example").await;
    assert_eq!(right.header("location"), Some("/"));
    let set = right.header("set-cookie").unwrap();
    assert!(set.starts_with("__host-windlass_session=token:") && set.contains("secure"), "{set}");
    api.stop().await;
}

#[tokio::test]
async fn who_guesses_is_refused_for_a_while_but_a_session_goes_on() {
    let api = Api::start(Some("s3cret")).await;
    let session = format!("Cookie: {}\r\n", cookie(&api.send("POST", "/login", FORM, "token=s3cret").await));
    let mut statuses = Vec::new();
    for guess in 0..14 {
        statuses.push(api.get("/metrics", &format!("Authorization: Bearer guess-{guess}\r\n")).await.status);
    }
    assert_eq!(statuses[..10], [401; 10]);
    assert_eq!(statuses[11..], [429; 3]);
    // The right token is not looked at either, or it could be guessed on.
    let right = api.get("/metrics", "Authorization: Bearer s3cret\r\n").await;
    assert_eq!(right.status, 429);
    assert!(right.header("retry-after").unwrap().parse::<u32>().unwrap() <= 7, "{}", right.head);
    assert_eq!(right.json()["code"], "WL1004");
    assert_eq!(api.send("POST", "/login", FORM, "token=s3cret").await.status, 429);
    assert_eq!(api.get("/metrics", &session).await.status, 200);
    api.stop().await;
}

#[tokio::test]
async fn a_refusal_is_a_problem_with_a_code_and_its_page() {
    let reader = NamedToken { name: "grafana".to_owned(), role: Role::Read, token: Token::new("r3ader").unwrap() };
    let api = Api::start_for(Access::new(vec![operator("s3cret"), reader], None)).await;
    let refused = api.get("/metrics", "").await;
    assert_eq!((refused.status, refused.header("content-type")), (401, Some("application/problem+json")));
    let problem = refused.json();
    assert_eq!((&problem["code"], &problem["status"]), (&"WL1001".into(), &401.into()));
    assert_eq!(problem["type"], "/errors/WL1001");
    assert_eq!(api.get("/metrics", "Authorization: Bearer r3ader\r\n").await.status, 200);
    api.stop().await;
}
