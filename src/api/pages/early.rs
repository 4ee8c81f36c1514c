//! A page whose frame is sent before its content is known: a browser draws the one while the state database is asked for
//! the other.
//!
//! What is known almost at once is sent whole, and what fails by then has its own status. Afterwards it is too late for
//! that: a failure is told within the page.

use std::convert::Infallible;
use std::future::ready;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};
use maud::Markup;

use super::layout::{self, Place};
use super::problem::{self, Problem};
use super::view::View;

/// How long a page waits for its content before its frame goes ahead: a state database that is gone is noticed by then.
const ALMOST_AT_ONCE: Duration = Duration::from_millis(3);

/// A page with that content.
pub(super) async fn page(
    title: &'static str,
    view: View,
    place: Place,
    content: impl Future<Output = Result<Markup, Problem>> + Send + 'static,
) -> Result<Response, Problem> {
    let mut content = Box::pin(content);
    if let Ok(known) = tokio::time::timeout(ALMOST_AT_ONCE, &mut content).await {
        return Ok(layout::page(title, &view, place, known?).into_response());
    }
    let (before, after) = layout::around(title, &view, place);
    let frame = stream::once(ready(Bytes::from(before)));
    let rest = stream::once(async move {
        let content = content.await.unwrap_or_else(|problem| problem::within(&problem));
        Bytes::from(content.into_string() + &after)
    });
    let body = Body::from_stream(frame.chain(rest).map(Ok::<_, Infallible>));
    Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response())
}
