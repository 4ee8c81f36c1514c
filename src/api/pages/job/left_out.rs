//! Due times that did not run, and why.

use maud::{Markup, html};

use super::facts::Facts;
use crate::api::pages::parts::state::state;
use crate::api::pages::parts::time;
use crate::api::pages::view::View;
use crate::domain::firing::Reason;

/// The list; a sentence where there is none.
pub(super) fn left_out(facts: &Facts, view: &View) -> Markup {
    let zone = facts.zone();
    html! {
        section aria-labelledby="left-out-title" {
            h2 #left-out-title { "Due times that did not run" }
            @if facts.definition().schedule.is_none() { p.quiet { "It has no schedule." } }
            @else if facts.left_out.is_empty() { p.quiet { "None: of its last thousand due times each one ran." } }
            @else {
                div.scroll tabindex="0" role="region" aria-label="Due times that did not run" {
                    table {
                        thead { tr { th scope="col" { "Due" } th scope="col" { "State" } th scope="col" { "Why" } } }
                        tbody {
                            @for firing in &facts.left_out {
                                tr {
                                    td.nowrap { (time::at(view, firing.scheduled_for, zone)) }
                                    td { (state(&firing.state)) }
                                    td { (firing.reason.as_deref().map_or("", Reason::words_of)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
