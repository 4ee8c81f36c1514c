//! The pages of error codes: the same text as `windlass explain`.

use axum::extract::Path;
use maud::{Markup, PreEscaped, html};
use pulldown_cmark::{Event, Options, Parser};

use super::layout::{Place, page as whole};
use super::links;
use super::problem::Problem;
use super::view::View;
use crate::domain::code::Code;

/// `GET /errors`: all codes.
pub(super) async fn list(view: View) -> Markup {
    let body = html! {
        h1 { "Error codes" }
        div.scroll tabindex="0" role="region" aria-label="Error codes" {
            table { tbody { @for code in Code::ALL {
                tr { th scope="row" { a href=(links::error(*code)) { (code) } } td { (title(*code)) } }
            } } }
        }
    };
    whole("Error codes", &view, Place::None, body)
}

/// `GET /errors/{code}`.
pub(super) async fn page(view: View, Path(code): Path<String>) -> Result<Markup, Problem> {
    let code: Code = code.parse().map_err(|()| Problem::Unknown("error code", code.clone()))?;
    let body = html! {
        nav.crumbs aria-label="Above" { a href="/errors" { "Error codes" } }
        article.prose { (rendered(code.page())) }
        p.quiet.small { "In a terminal: " code { "windlass explain " (code) } }
    };
    Ok(whole(&format!("{code}: {}", title(code)), &view, Place::None, body))
}

/// A page's title without the code.
fn title(code: Code) -> &'static str {
    let first = code.page().lines().next().unwrap_or_default();
    first.split_once(": ").map_or(first, |(_, title)| title)
}

/// Our own Markdown as HTML. Raw HTML in it is shown as text: the pages have none, and must not begin to.
fn rendered(markdown: &str) -> Markup {
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        other => other,
    });
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events);
    // What scrolls must be reached by keyboard.
    PreEscaped(html.replace("<pre>", "<pre tabindex=\"0\">"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_becomes_html_that_the_security_policy_lets_pass() {
        for code in Code::ALL {
            let html = rendered(code.page()).into_string();
            assert!(
                html.starts_with("<h1>") && !html.contains("style=") && !html.contains("<script"),
                "{code}: {html}"
            );
        }
        assert!(!rendered("a <b onclick=x>").into_string().contains("<b"));
    }
}
