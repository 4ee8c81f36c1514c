//! What is sent to a webhook: Slack's form, or a template of the user's.
//!
//! In a template for JSON each value is written as it stands inside a JSON string, so that `"{{ alert.text }}"` is right
//! whatever the server said that failed; a list or an object is written as JSON.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use minijinja::value::{Serde, Value, ValueKind};
use minijinja::{Error, ErrorKind};
use serde::Serialize;

use super::message::Message;
use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::template::{environment, failure};

/// What a template of an alert may use.
#[derive(Serialize)]
struct Names<'n> {
    alert: &'n Message,
    env: &'n BTreeMap<String, String>,
}

/// The body that Slack, Mattermost, Rocket.Chat, Discord (`…/slack`) and Teams' relays read.
pub fn slack_body(message: &Message) -> String {
    // These three have a meaning in Slack's own markup: a server's words must not call the whole channel.
    let text = message.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    serde_json::json!({ "text": text }).to_string()
}

/// Renders a template to JSON.
pub fn json_text(template: &str, message: &Message, env: &BTreeMap<String, String>) -> Result<String, Failure> {
    let mut environment = environment(Tz::UTC);
    environment.set_formatter(|out, _state, value| {
        let text = if value.is_safe() { value.to_string() } else { in_json(value)? };
        out.write_str(&text).map_err(Error::from)
    });
    let names = Value::from(Serde(Names { alert: message, env }));
    let text = environment.render_str(template, names).map_err(|error| failure(template, &error))?;
    match serde_json::from_str::<serde::de::IgnoredAny>(&text) {
        Ok(_) => Ok(text),
        Err(error) => {
            let message = format!("the template of an alert gives no JSON: {error}");
            Err(Failure::permanent(Code::Template, Side::Internal, message).with_hint(
                "write texts as \"{{ alert.text }}\", in quotes; for another format set a header `content-type`",
            ))
        }
    }
}

/// Renders a template to text of any other kind.
pub fn plain_text(template: &str, message: &Message, env: &BTreeMap<String, String>) -> Result<String, Failure> {
    let mut environment = environment(Tz::UTC);
    environment.set_formatter(|out, _state, value| {
        // What is not there is nothing, in a sentence as in an address.
        if value.is_none() { Ok(()) } else { out.write_str(&value.to_string()).map_err(Error::from) }
    });
    let names = Value::from(Serde(Names { alert: message, env }));
    environment.render_str(template, names).map_err(|error| failure(template, &error))
}

/// A value as it stands in JSON; a text without its quotes.
fn in_json(value: &Value) -> Result<String, Error> {
    let wrong = |error: serde_json::Error| Error::new(ErrorKind::BadSerialization, error.to_string());
    match value.kind() {
        ValueKind::None => Ok(String::new()),
        ValueKind::Undefined => Err(Error::new(ErrorKind::UndefinedError, "the value is not defined")),
        ValueKind::String => {
            let quoted = serde_json::to_string(&value.to_string()).map_err(wrong)?;
            Ok(quoted[1..quoted.len() - 1].to_owned())
        }
        _ => serde_json::to_string(value).map_err(wrong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::test_message;
    use proptest::prelude::*;

    fn message(text: &str) -> Message {
        Message { text: text.to_owned(), step: None, ..test_message("nightly", None) }
    }

    #[test]
    fn a_template_that_gives_no_json_is_a_failure() {
        let render = |template: &str| json_text(template, &message("x"), &BTreeMap::new());
        assert_eq!(render(r#"{"n": {{ alert.others }}, "s": "{{ alert.step }}"}"#).unwrap(), r#"{"n": 0, "s": ""}"#);
        assert!(render(r#"{"text": {{ alert.text }}}"#).unwrap_err().message.contains("gives no JSON"));
        assert!(render("{{ alert.texd }}").unwrap_err().message.contains("texd"));
    }

    proptest! {
        #[test]
        fn whatever_a_server_says_stays_one_text_of_the_body(text in any::<String>()) {
            let message = message(&text);
            let body = json_text(r#"{"text": "{{ alert.text }}"}"#, &message, &BTreeMap::new()).unwrap();
            let read: serde_json::Value = serde_json::from_str(&body).unwrap();
            prop_assert_eq!(read["text"].as_str().unwrap(), &text);
            let slack: serde_json::Value = serde_json::from_str(&slack_body(&message)).unwrap();
            prop_assert!(!slack["text"].as_str().unwrap().contains(['<', '>']));
        }
    }
}
