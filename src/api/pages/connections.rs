//! Connections: what daemons found when they last looked at all that jobs need, what is wrong first, with what mends it.

use chrono_tz::Tz;
use maud::{Markup, html};

use super::backend::Reached;
use super::layout::{Place, page as whole};
use super::parts::empty::empty;
use super::parts::state::{Look, glyph};
use super::parts::time;
use super::problem::Problem;
use super::view::View;
use crate::domain::finding::Verdict;
use crate::store::FindingRow;

/// `GET /connections`.
pub(super) async fn page(view: View, Reached(backend): Reached) -> Result<Markup, Problem> {
    let found = backend.store.findings().await?;
    let (wrong, fine): (Vec<_>, Vec<_>) = found.iter().partition(|row| row.finding.verdict != Verdict::Ok);
    let body = html! {
        h1 { "Connections" }
        @if found.is_empty() {
            (empty("Nothing was looked at yet.", "Each daemon looks when it starts and every hour; so does the command:", Some("windlass doctor")))
        }
        @if !wrong.is_empty() {
            section aria-labelledby="wrong" { h2 #wrong { "What is wrong" } (table(&worst_first(wrong), &view, "What is wrong")) }
        }
        @if !fine.is_empty() {
            section aria-labelledby="fine" { h2 #fine { "What is well" } (table(&fine, &view, "What is well")) }
        }
    };
    Ok(whole("Connections", &view, Place::Connections, body))
}

fn worst_first(mut rows: Vec<&FindingRow>) -> Vec<&FindingRow> {
    rows.sort_by_key(|row| std::cmp::Reverse(row.finding.verdict));
    rows
}

fn table(rows: &[&FindingRow], view: &View, name: &str) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(name) {
            table {
                thead { tr {
                    th scope="col" { "What" } th scope="col" { "Verdict" } th scope="col" { "Seen" } th scope="col" { "From" }
                } }
                tbody { @for row in rows { (line(row, view)) } }
            }
        }
    }
}

fn line(row: &FindingRow, view: &View) -> Markup {
    let finding = &row.finding;
    let look = look(finding.verdict);
    html! {
        tr {
            th scope="row" { (finding.subject) span.under { (finding.what) } }
            td { span.state.(look.class()) { (glyph(look)) span { (finding.verdict.label()) } } }
            td.why {
                (finding.seen)
                @if let Some(hint) = &finding.hint { span.under { (hint) } }
                @if let Some(mend) = &finding.mend { pre.sent tabindex="0" { (mend) } }
            }
            td { (row.host.split('/').next().unwrap_or(&row.host)) span.under { (time::ago(view, row.at, Tz::UTC)) } }
        }
    }
}

const fn look(verdict: Verdict) -> Look {
    match verdict {
        Verdict::Ok => Look::Succeeded,
        Verdict::Warning => Look::Waiting,
        Verdict::Problem | Verdict::Unreachable => Look::Failed,
    }
}
