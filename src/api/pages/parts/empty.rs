//! Where there is nothing yet: says so, and what to do next.

use maud::{Markup, html};

/// A sentence on what isn't there, and what to do: a command to type, if there is one.
pub(in super::super) fn empty(what: &str, next: &str, command: Option<&str>) -> Markup {
    html! {
        div.empty {
            p { strong { (what) } " " (next) }
            @if let Some(command) = command { pre { code { (command) } } }
        }
    }
}
