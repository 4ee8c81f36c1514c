//! The frame of every page.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::assets::ASSETS;
use super::links;
use super::parts::state;
use super::view::{Theme, View, Zone};

/// Which of the places in the navigation a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Jobs, a job, a run.
    Jobs,
    /// Locks.
    Locks,
    /// Replicas.
    Replicas,
    /// Connections.
    Connections,
    /// Daemons.
    Daemons,
    /// None of them.
    None,
}

/// The navigation.
const PLACES: [(Place, &str, &str); 5] = [
    (Place::Jobs, "/", "Jobs"),
    (Place::Locks, links::LOCKS, "Locks"),
    (Place::Replicas, links::REPLICAS, "Replicas"),
    (Place::Connections, links::CONNECTIONS, "Connections"),
    (Place::Daemons, links::DAEMONS, "Daemons"),
];

/// What htmx must not do: evaluate text, and put a style into the page, both of which the security policy forbids.
const HTMX: &str = r#"{"allowEval":false,"includeIndicatorStyles":false,"historyCacheSize":0}"#;

/// A whole page. The body holds one `h1`.
#[expect(clippy::needless_pass_by_value, reason = "nobody needs a body once its page is made")]
pub(super) fn page(title: &str, view: &View, place: Place, body: Markup) -> Markup {
    let assets = &*ASSETS;
    let late = assets.late.each_ref().map(|script| script.url.as_str()).join(" ");
    let theme = (view.theme != Theme::System).then(|| view.theme.label());
    html! {
        (DOCTYPE)
        html lang="en" data-theme=[theme] data-zone=(view.zone.label()) data-now=(view.now.timestamp()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="htmx-config" content=(HTMX);
                title { (title) " · Windlass" }
                link rel="icon" type="image/svg+xml" href=(assets.icon.url);
                link rel="stylesheet" href=(assets.style.url);
                script defer src=(assets.script.url) data-late=(late) {}
            }
            body hx-ext="sse,morph" hx-disable {
                a.skip href="#content" { "Skip to the content" }
                (state::shapes())
                header.bar { div.top { (bar(view, place)) } }
                main #content tabindex="-1" {
                    @if let Some(flash) = &view.flash {
                        p.flash.failed[flash.refused] role="status" { (flash.text) }
                    }
                    (body)
                }
                footer.bottom { "Windlass " (env!("CARGO_PKG_VERSION")) " · " a href="/errors" { "error codes" } }
            }
        }
    }
}

/// What stands in a page before its body, and what stands after it.
pub(super) fn around(title: &str, view: &View, place: Place) -> (String, String) {
    // No text that comes from elsewhere stands behind the body.
    const BODY: &str = "<!-- body -->";
    let whole = page(title, view, place, PreEscaped(BODY.to_owned())).into_string();
    whole.rsplit_once(BODY).map(|(before, after)| (before.to_owned(), after.to_owned())).unwrap_or_default()
}

fn bar(view: &View, place: Place) -> Markup {
    html! {
        a.brand href="/" { (mark()) "Windlass" }
        nav aria-label="Pages" {
            @for (to, url, name) in PLACES {
                a href=(url) aria-current=[(to == place).then_some("page")] { (name) }
            }
        }
        form.view method="post" action="/view" data-choose {
            input type="hidden" name="back" value=(view.here);
            label.hidden for="zone" { "Times in" }
            select #zone name="zone" {
                @for zone in Zone::ALL {
                    option value=(zone.label()) selected[zone == view.zone] { (zone.words()) }
                }
            }
            label.hidden for="theme" { "Colours" }
            select #theme name="theme" {
                @for theme in Theme::ALL {
                    option value=(theme.label()) selected[theme == view.theme] { (theme.label()) }
                }
            }
            button { "Show" }
        }
    }
}

/// The drum of a windlass with its bars, seen from the side.
fn mark() -> Markup {
    PreEscaped(
        r#"<svg viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"><circle cx="8" cy="8" r="3.2"/><path d="M8 1v3.8M8 11.2V15M1 8h3.8M11.2 8H15M3 3l2.7 2.7M10.3 10.3 13 13M13 3l-2.7 2.7M5.7 10.3 3 13"/></svg>"#
            .to_owned(),
    )
}
