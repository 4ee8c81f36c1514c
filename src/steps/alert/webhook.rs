//! An alert posted to an address.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::alert::{Message, Webhook, json_text, plain_text, slack_body};
use crate::domain::failure::{Failure, Side};
use crate::fetch::{Client, Request};

/// How long a connection may take.
pub(super) const CONNECT: Duration = Duration::from_secs(10);

/// How long the answer may take: a receiver that is slower is tried again, and may have the alert twice.
pub(super) const ANSWER: Duration = Duration::from_secs(15);

/// How long all of it may take, redirects and the rest of an answer included.
const ALL: Duration = Duration::from_secs(45);

/// The header by which a receiver knows an alert again that it has had before.
const KEY: &str = "Idempotency-Key";

/// Posts it.
pub(super) async fn post(
    client: &Client,
    webhook: &Webhook,
    message: &Message,
    env: &BTreeMap<String, String>,
) -> Result<String, Failure> {
    let url = plain_text(&webhook.url.0, message, env)?.trim().to_owned();
    let body = match &webhook.template {
        None => slack_body(message),
        Some(template) if webhook.is_json() => json_text(template, message, env)?,
        Some(template) => plain_text(template, message, env)?,
    };
    let mut headers = vec![(KEY.to_owned(), message.id.clone())];
    for (name, value) in &webhook.headers {
        headers.push((name.clone(), plain_text(&value.0, message, env)?));
    }
    let request = Request {
        method: "POST".to_owned(),
        url: url.clone(),
        headers,
        body: Some(body),
        content_type: webhook.is_json().then_some("application/json"),
        ..Request::default()
    };
    let doing = format!("posting an alert to {}", request.host());
    let failure = match tokio::time::timeout(ALL, client.say(&request)).await {
        Ok(Ok(answer)) => return Ok(without(&url, &answer)),
        Ok(Err(mut error)) => {
            error.doing.clone_from(&doing);
            error.failure()
        }
        Err(_) => {
            let code = crate::domain::code::Code::HttpUnreachable;
            Failure::transient(code, Side::Target, format!("{doing}: no answer in time"))
        }
    };
    Err(Failure { message: without(&url, &failure.message), side: Side::Target, ..failure })
}

/// A text without the address, and without its path, which is the secret part of it.
fn without(url: &str, text: &str) -> String {
    let text = text.replace(url, "***");
    let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    if path.len() < 8 { text } else { text.replace(path, "***") }
}
