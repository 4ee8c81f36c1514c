//! A page of a list, and the way to the next.
//!
//! A list is an array, as the commands print it; where it goes on is in the `Link` header (RFC 8288), as the address of
//! the next page. A page begins after the last entry of the one before, so entries that are added meanwhile move nothing.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

/// Part of a list.
pub(super) type Page<T> = (HeaderMap, Json<Vec<T>>);

/// A page with the address of the next, where there may be one: `path` with what was asked for and the place after which
/// the next page begins.
pub(super) fn page<T: Serialize>(
    items: Vec<T>,
    limit: u32,
    path: &str,
    asked: &[(&str, Option<String>)],
    place: impl FnOnce(&T) -> String,
) -> Page<T> {
    let mut headers = HeaderMap::new();
    let full = items.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    if let Some(last) = items.last().filter(|_| full) {
        let after = [("limit", Some(limit.to_string())), ("after", Some(place(last)))];
        let pairs = asked.iter().chain(&after).filter_map(|(name, value)| {
            let value = value.as_ref()?;
            Some(format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
        });
        let link = format!("<{}{path}?{}>; rel=\"next\"", super::BASE, pairs.collect::<Vec<_>>().join("&"));
        if let Ok(link) = HeaderValue::from_str(&link) {
            headers.insert(header::LINK, link);
        }
    }
    (headers, Json(items))
}
