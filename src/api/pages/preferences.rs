//! Choosing the zone of times, and light or dark.

use axum::Form;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Deserialize;

use super::links;
use super::view::{THEME, Theme, ZONE, Zone};

/// What was chosen, and where the reader was.
#[derive(Deserialize)]
pub(super) struct Choice {
    #[serde(default)]
    zone: String,
    #[serde(default)]
    theme: String,
    #[serde(default)]
    back: String,
}

/// `POST /view`: keeps the choice for a year, and goes back.
pub(super) async fn choose(Form(choice): Form<Choice>) -> Response {
    let mut cookies: Vec<(HeaderName, String)> = Vec::new();
    let mut keep = |name: &str, value: &str| {
        cookies.push((header::SET_COOKIE, format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax")));
    };
    if let Some(zone) = Zone::ALL.into_iter().find(|zone| zone.label() == choice.zone) {
        keep(ZONE, zone.label());
    }
    if let Some(theme) = Theme::ALL.into_iter().find(|theme| theme.label() == choice.theme) {
        keep(THEME, theme.label());
    }
    let back = [(header::LOCATION, links::within(&choice.back).to_owned())];
    (StatusCode::SEE_OTHER, back, AppendHeaders(cookies)).into_response()
}
