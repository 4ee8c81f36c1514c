//! A request, rendered anew for each try: what is signed holds the time.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::step::{HmacAuth, HttpAuth, HttpRequest};
use crate::domain::template::{Scope, Text};
use crate::fetch::{Auth, FetchError, Request, signature};

/// How a request differs from the one that is written, because it asks for another page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Turn {
    /// Not at all.
    AsWritten,
    /// By query parameters.
    Query(Vec<(String, String)>),
    /// By a value within its JSON body, at a JSON pointer.
    Json(String, Value),
    /// It goes to an address that the answer from `from` named.
    To {
        /// Where the answer came from.
        from: String,
        /// The address, as it was named.
        target: String,
    },
}

/// Renders a request. `timestamp` is the time in milliseconds as the server sees it.
pub(super) fn render(request: &HttpRequest, turn: &Turn, scope: &Scope, timestamp: i64) -> Result<Request, Failure> {
    let mut scope = scope.clone();
    let mut known = serde_json::json!({"timestamp": timestamp.to_string()});
    scope.local.insert("request".to_owned(), known.clone());
    let pairs = |pairs: &[(String, Text)]| {
        pairs.iter().map(|(name, value)| Ok((name.clone(), scope.text(value)?))).collect::<Result<Vec<_>, Failure>>()
    };
    let mut rendered = Request {
        method: request.method.clone(),
        url: scope.text(&request.url)?,
        headers: pairs(&request.headers)?,
        query: pairs(&request.query)?,
        body: request.body.as_ref().map(|body| scope.text(body)).transpose()?,
        ..Request::default()
    };
    if let Some(form) = &request.form {
        rendered.set_form(&pairs(form)?);
    }
    if let Some(json) = &request.json {
        let mut json = templates_in(json, &scope)?;
        if let Turn::Json(pointer, value) = turn {
            place(&mut json, pointer, value)?;
        }
        rendered.body = Some(json.to_string());
        rendered.content_type = Some("application/json");
    }
    match turn {
        Turn::Query(pairs) => pairs.iter().for_each(|(name, value)| rendered.set_query(name, value.clone())),
        Turn::To { from, target } => rendered = rendered.following(from, target).map_err(FetchError::failure)?,
        Turn::AsWritten | Turn::Json(..) => {}
    }
    match &request.auth {
        Some(HttpAuth::Basic { user, password }) => {
            rendered.auth = Some(Auth::Basic { user: scope.text(user)?, password: scope.text(password)? });
        }
        Some(HttpAuth::Bearer(token)) => rendered.auth = Some(Auth::Bearer(scope.text(token)?)),
        Some(HttpAuth::Hmac(hmac)) => {
            let (path, query) = rendered.target().map_err(FetchError::failure)?;
            known["method"] = rendered.method.clone().into();
            known["path"] = path.into();
            known["query"] = query.into();
            known["body"] = rendered.body.clone().unwrap_or_default().into();
            scope.local.insert("request".to_owned(), known);
            rendered.headers.push(signed(hmac, &scope)?);
        }
        None => {}
    }
    Ok(rendered)
}

/// Whether what is sent depends on the time.
pub(super) fn is_signed(request: &HttpRequest) -> bool {
    matches!(request.auth, Some(HttpAuth::Hmac(_)))
}

/// The header with the signature.
fn signed(hmac: &HmacAuth, scope: &Scope) -> Result<(String, String), Failure> {
    let (secret, message) = (scope.text(&hmac.secret)?, scope.text(&hmac.message)?);
    let signature = signature(hmac.algorithm, hmac.encoding, &secret, &message);
    let signature = signature.ok_or_else(|| Failure::bug("the secret of a signature was refused"))?;
    Ok((hmac.header.clone(), signature))
}

/// A JSON value with each text rendered.
fn templates_in(value: &Value, scope: &Scope) -> Result<Value, Failure> {
    Ok(match value {
        Value::String(text) => Value::String(scope.text(&Text(text.clone()))?),
        Value::Array(items) => items.iter().map(|item| templates_in(item, scope)).collect::<Result<Value, _>>()?,
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| Ok((name.clone(), templates_in(field, scope)?)))
            .collect::<Result<serde_json::Map<_, _>, Failure>>()?
            .into(),
        other => other.clone(),
    })
}

/// Puts a value where a pointer says; the field need not be there yet.
fn place(json: &mut Value, pointer: &str, value: &Value) -> Result<(), Failure> {
    let missing = || {
        let message = format!("the request's json has no place `{pointer}` for the cursor");
        Failure::permanent(Code::Template, Side::Internal, message).with_hint(
            "write the request's `json` with the field as the first request needs it, for example `cursor: \"\"`",
        )
    };
    if let Some(there) = json.pointer_mut(pointer) {
        *there = value.clone();
        return Ok(());
    }
    let (parent, name) = pointer.rsplit_once('/').ok_or_else(missing)?;
    let fields = json.pointer_mut(parent).and_then(Value::as_object_mut).ok_or_else(missing)?;
    fields.insert(name.replace("~1", "/").replace("~0", "~"), value.clone());
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::step::{SignatureAlgorithm, SignatureEncoding};
    use crate::domain::template::RunScope;

    fn scope() -> Scope {
        let run = RunScope { id: "r".into(), job: "j".into(), scheduled_for: chrono::DateTime::UNIX_EPOCH, attempt: 1 };
        Scope::of_run(run, BTreeMap::from([("who".to_owned(), "a\"b".to_owned())]), chrono_tz::Tz::UTC)
    }

    #[test]
    fn a_signature_is_that_of_the_request_as_it_is_sent() {
        let mut request = HttpRequest::new("GET", "https://h/stat-reports/한글?b=1");
        request.headers = vec![("X-Timestamp".into(), "{{ request.timestamp }}".into())];
        request.auth = Some(HttpAuth::Hmac(Box::new(HmacAuth {
            secret: "{{ params.who }}".into(),
            message: "{{ request.timestamp }}.{{ request.method }}.{{ request.path }}?{{ request.query }}".into(),
            header: "X-Signature".into(),
            encoding: SignatureEncoding::Hex,
            algorithm: SignatureAlgorithm::Sha256,
        })));
        let turn = Turn::Query(vec![("page".into(), "2".into())]);
        let rendered = render(&request, &turn, &scope(), 1_700_000_000_123).unwrap();
        let message = "1700000000123.GET./stat-reports/%ED%95%9C%EA%B8%80?b=1&page=2";
        let expected = signature(SignatureAlgorithm::Sha256, SignatureEncoding::Hex, "a\"b", message).unwrap();
        assert_eq!(rendered.headers[0].1, "1700000000123");
        assert_eq!(rendered.headers[1], ("X-Signature".to_owned(), expected));
    }

    #[test]
    fn json_keeps_its_shape_whatever_is_put_into_it() {
        let mut request = HttpRequest::new("POST", "https://h/");
        request.json = Some(serde_json::json!({"who": "{{ params.who }}", "n": 1, "deep": [{"after": null}]}));
        let body = |turn: &Turn| render(&request, turn, &scope(), 0).map(|rendered| rendered.body.unwrap());
        assert_eq!(body(&Turn::AsWritten).unwrap(), r#"{"who":"a\"b","n":1,"deep":[{"after":null}]}"#);
        let next = Turn::Json("/deep/0/after".into(), "{{ x }}".into());
        assert_eq!(body(&next).unwrap(), r#"{"who":"a\"b","n":1,"deep":[{"after":"{{ x }}"}]}"#);
        assert!(body(&Turn::Json("/cursor".into(), 7.into())).unwrap().ends_with(r#","cursor":7}"#));
        assert!(body(&Turn::Json("/no/cursor".into(), 7.into())).is_err());
    }
}
