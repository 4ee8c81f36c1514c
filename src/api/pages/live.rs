//! Live parts of pages: rendered anew while somebody looks, and sent when they changed.
//!
//! A page puts its live part into [`region`], with the address of a handler that answers with [`stream`]. Both render it
//! by the same function. The browser morphs what is there into what comes, so focus, scrolling, selections and opened
//! `details` stay; forms in a live part keep what somebody types, if their fields have an `id`.
//!
//! A stream costs its rendering at most a tenth of the time, and there is a limit to how many there are.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use maud::{Markup, html};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::problem::Problem;
use super::view::View;

/// How often a part is looked at.
const PAUSE: Duration = Duration::from_secs(1);

/// Streams at once. Each is somebody who looks at a page; more than this is a mistake, or malice.
const MOST: usize = 200;

/// What all streams share. An extension of the router.
#[derive(Clone)]
pub(in crate::api) struct Streams {
    places: Arc<Semaphore>,
    stopping: CancellationToken,
}

impl Streams {
    /// None yet; all end when the daemon stops.
    pub(in crate::api) fn new(stopping: CancellationToken) -> Self {
        Self { places: Arc::new(Semaphore::new(MOST)), stopping }
    }
}

/// A live part of a page: its content as of now, and where it is rendered anew.
pub(super) fn region(url: &str, content: &Markup) -> Markup {
    html! {
        div.live sse-connect=(url) {
            div.offline role="status" { "The connection is lost; this shows how it was. Trying again." }
            div sse-swap="patch" hx-swap="morph:innerHTML" { (content) }
        }
    }
}

/// What a stream keeps between two looks.
struct Watched<R> {
    render: R,
    view: View,
    streams: Streams,
    sent: Option<String>,
    pause: Duration,
    _place: OwnedSemaphorePermit,
}

/// Answers with a stream of what `render` makes. What can't be rendered at first is a problem; later, the stream ends and
/// the browser comes again.
pub(super) async fn stream<R, F>(streams: Streams, view: View, render: R) -> Result<Response, Problem>
where
    R: Fn(View) -> F + Send + 'static,
    F: Future<Output = Result<Markup, Problem>> + Send + 'static,
{
    let place = Arc::clone(&streams.places).try_acquire_owned().map_err(|_| Problem::TooMany)?;
    let first = render(view.later()).await?.into_string();
    let watched = Watched { render, view, streams, sent: None, pause: PAUSE, _place: place };
    let events = stream::unfold((watched, Some(first)), |(mut watched, first)| async move {
        let content = match first {
            Some(first) => first,
            None => watched.changed().await?,
        };
        let event = Event::default().event("patch").data(&content);
        watched.sent = Some(content);
        Some((Ok::<_, Infallible>(event), (watched, None)))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
}

impl<R, F> Watched<R>
where
    R: Fn(View) -> F,
    F: Future<Output = Result<Markup, Problem>>,
{
    /// The part, once it is another than what was sent; `None` at the end.
    async fn changed(&mut self) -> Option<String> {
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.pause) => {}
                () = self.streams.stopping.cancelled() => return None,
            }
            let started = Instant::now();
            let content = (self.render)(self.view.later()).await.ok()?.into_string();
            self.pause = PAUSE.max(started.elapsed() * 9);
            if self.sent.as_ref() != Some(&content) {
                return Some(content);
            }
        }
    }
}
