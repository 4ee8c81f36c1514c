//! Pages that are one live table, read by one question to the state database.

use axum::Extension;
use axum::response::Response;
use maud::{Markup, html};

use super::backend::Reached;
use super::layout::{Place, page as whole};
use super::live;
use super::problem::Problem;
use super::view::View;
use crate::store::{Store, StoreError};

/// Such a page.
pub(super) trait Watched: 'static {
    /// What it shows.
    type Facts: Send;

    /// Its title and heading.
    const TITLE: &'static str;

    /// Its place in the navigation.
    const PLACE: Place;

    /// Its address; that of its live part is the same under `/live`.
    const URL: &'static str;

    /// Asks the state database.
    fn read(store: &Store) -> impl Future<Output = Result<Self::Facts, StoreError>> + Send;

    /// Its table, or what there is instead.
    fn shown(facts: &Self::Facts, view: &View) -> Markup;
}

/// `GET` of the page.
pub(super) async fn page<W: Watched>(view: View, Reached(backend): Reached) -> Result<Markup, Problem> {
    let shown = W::shown(&W::read(&backend.store).await?, &view);
    let body = html! { h1 { (W::TITLE) } (live::region(&format!("/live{}", W::URL), &shown)) };
    Ok(whole(W::TITLE, &view, W::PLACE, body))
}

/// `GET` of its live part.
pub(super) async fn live<W: Watched>(
    view: View,
    Reached(backend): Reached,
    Extension(streams): Extension<live::Streams>,
) -> Result<Response, Problem> {
    live::stream(streams, view, move |view| {
        let store = backend.store.clone();
        async move { Ok(W::shown(&W::read(&store).await?, &view)) }
    })
    .await
}
