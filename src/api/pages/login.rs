//! Signing in, where the daemon asks for a token.

use maud::{Markup, html};

use super::layout::{Place, page as whole};
use super::view::View;

/// The form; `wrong` says why the last token wasn't taken. `next` is where the form leads.
pub(in crate::api) fn page(view: &View, next: &str, wrong: Option<&str>) -> Markup {
    let body = html! {
        section.card.narrow {
            h1 { "Sign in" }
            p { "This daemon shows itself to whoever has one of its tokens (" code { "http.tokens" } " in windlass.yaml)." }
            @if let Some(wrong) = wrong { p.flash.failed role="alert" { (wrong) } }
            form method="post" action="/login" {
                input type="hidden" name="next" value=(next);
                div.field {
                    label for="token" { "Token" }
                    input #token type="password" name="token" autocomplete="current-password" required autofocus;
                }
                button.main { "Sign in" }
            }
        }
    };
    whole("Sign in", view, Place::None, body)
}
