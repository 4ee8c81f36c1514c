//! The OpenAPI document, made of the handlers.
//!
//! What all of them may answer, because of who asks or how, is added here once and not to each.

use std::sync::OnceLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::paths;

/// What any path may answer beside what its handler says.
const ALWAYS: &[(&str, &str)] = &[
    ("400", "The request can't be read"),
    ("401", "A token is needed, or the one that was shown isn't known"),
    ("403", "The token's role doesn't allow this, or the request comes from another site or is for another name"),
    ("408", "The request was not complete in time"),
    ("429", "Too many wrong tokens came from this address; `Retry-After` says how long to wait"),
    ("500", "A defect, or a state database that refused a statement"),
    ("503", "The state database is away, or there are too many streams; `Retry-After` says how long to wait"),
];

/// What paths may answer that name something, there or in the body.
const NAMED: &[(&str, &str)] = &[("404", "There is no such job, run, step, code, replica or generation")];

/// What paths may answer that change something.
const ACTING: &[(&str, &str)] = &[
    ("409", "The job or run isn't in a state in which this can be done"),
    ("413", "The body is too long"),
    ("415", "The body isn't JSON"),
    ("422", "The body doesn't fit: an unknown field or parameter, a missing one, no point in time"),
];

/// Shows this document
#[utoipa::path(get, operation_id = "show_openapi", path = "/openapi.json", tag = "errors",
    responses((status = 200, description = "An OpenAPI 3.1 document", body = Object)))]
pub(super) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document()).into_response()
}

/// The document, as JSON for people.
pub fn document() -> &'static str {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::to_string_pretty(&made()).unwrap_or_default() + "\n")
}

fn made() -> Value {
    let mut document = serde_json::to_value(paths().into_openapi()).unwrap_or_default();
    document["info"] = json!({
        "title": "Windlass",
        "version": "v1",
        "description": "All that the commands do. Times are RFC 3339 in UTC, durations are seconds as numbers, absent \
                        means not applicable. Problems are application/problem+json with a stable code.",
        "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
    });
    document["servers"] = json!([{"url": "/"}]);
    document["components"]["securitySchemes"] = json!({
        "token": {"type": "http", "scheme": "bearer", "description": "http.tokens in windlass.yaml; none needed where \
                  none is set"},
    });
    document["components"]["schemas"]["Problem"] = problem();
    document["security"] = json!([{"token": []}, {}]);
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            // A body that may be left out is told as one that may be `null`, too; it may not.
            if let Some(body) = operation.pointer_mut("/requestBody/content/application~1json/schema") {
                let given = body["oneOf"].as_array().and_then(|either| either.iter().find(|one| one["type"] != "null"));
                if let Some(given) = given.cloned() {
                    *body = given;
                }
            }
            let Some(responses) = operation["responses"].as_object_mut() else { continue };
            let named: &[_] = if path.contains('{') || method != "get" { NAMED } else { &[] };
            let acting: &[_] = if method == "get" { &[] } else { ACTING };
            for (status, description) in ALWAYS.iter().chain(named).chain(acting) {
                add(responses, status, description);
            }
            responses.sort_keys();
        }
    }
    document
}

fn add(responses: &mut Map<String, Value>, status: &str, description: &str) {
    let problem = json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}});
    responses.entry(status).or_insert_with(|| json!({"description": description, "content": problem}));
}

/// The shape of a problem (RFC 9457).
fn problem() -> Value {
    json!({
        "type": "object",
        "description": "Why a request was not done (RFC 9457).",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string", "description": "Where the code's page is, relative to this server."},
            "title": {"type": "string", "description": "The code's meaning, the same each time."},
            "status": {"type": "integer", "description": "The HTTP status."},
            "detail": {"type": "string", "description": "What was wrong this time."},
            "code": {"$ref": "#/components/schemas/Code"},
            "hint": {"type": "string", "description": "What can be done about it."},
        },
    })
}
