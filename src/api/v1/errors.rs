//! The codes of failures, and their pages.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::Named;
use crate::actions::suggest;
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::domain::code::Code;

/// A code.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorCode)]
pub(super) struct Known {
    /// The code.
    code: Code,
    /// What it means, in a line.
    title: String,
}

/// A code with its page.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorPage)]
pub(super) struct Explained {
    /// The code.
    code: Code,
    /// What it means, in a line.
    title: String,
    /// Its page: what it means, why it happens, what to do. Markdown.
    page: String,
}

/// Lists error codes
#[utoipa::path(get, operation_id = "list_errors", path = "/errors", tag = "errors",
    responses((status = 200, description = "The codes", body = Vec<Known>)))]
pub(super) async fn list(_: Caller) -> Json<Vec<Known>> {
    Json(Code::ALL.iter().map(|code| Known { code: *code, title: code.title().to_owned() }).collect())
}

/// Explains an error code
#[utoipa::path(get, operation_id = "explain_error", path = "/errors/{code}", tag = "errors",
    params(("code" = String, Path, description = "The code, for example WL0201")),
    responses((status = 200, description = "The code's page", body = Explained)))]
pub(super) async fn one(_: Caller, Named(wanted): Named) -> Result<Json<Explained>, Problem> {
    let code: Code = wanted.parse().map_err(|()| {
        let known = Code::ALL.iter().map(|code| code.as_str());
        let hint = suggest::hint(&wanted, known, "/api/v1/errors lists the codes");
        Problem::from_code(Code::NotFound, format!("there is no error code `{wanted}`")).with_hint(hint)
    })?;
    Ok(Json(Explained { code, title: code.title().to_owned(), page: code.page().to_owned() }))
}
