//! What an attempt that succeeded has to say, as facts with numbers.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::shown::seconds;
use crate::api::pages::parts::amount;
use crate::domain::outcome::Outcome;

/// The facts of an outcome; none where there is nothing to say.
pub(super) fn outcome(outcome: &Outcome) -> Markup {
    let facts = facts(outcome);
    html! {
        @if !facts.is_empty() {
            dl.facts {
                @for (name, value) in &facts { dt { (name) } dd { (value) } }
            }
        }
        (by_name("Rows by table", &outcome.tables, |rows| amount::count(*rows)))
        (by_name("Generations", &outcome.places, |generation| amount::count(*generation)))
        (by_name("Seconds by phase", &outcome.phases, |seconds| format!("{seconds:.3}")))
        @if let Some(plan) = &outcome.plan {
            details { summary { "Plan" } pre tabindex="0" { (plan) } }
        }
    }
}

fn facts(outcome: &Outcome) -> Vec<(&'static str, Markup)> {
    let mut facts = Vec::new();
    let mut say = |name, value: Option<Markup>| facts.extend(value.map(|value| (name, value)));
    let word = |text: &Option<String>| text.as_ref().map(|text| html! { (text) });
    let code = |text: &Option<String>| text.as_ref().map(|text| html! { code { (text) } });
    let count = |number: Option<u64>| number.map(|number| html! { (amount::count(number)) });
    say("Table", code(&outcome.table));
    say("Rows", count(outcome.rows));
    say("Bytes", outcome.bytes.map(|bytes| html! { (amount::bytes(bytes)) }));
    say("Rate", rate(outcome).map(|rate| html! { (rate) }));
    say("Copying took", outcome.seconds.map(|took| html! { (seconds(took)) }));
    say("Streams", count(outcome.streams.map(u64::from)));
    say("Format", word(&outcome.format));
    say("Verified by", word(&outcome.verified));
    say("Source's log position", code(&outcome.lsn));
    say("Files", count(outcome.files));
    say("Pages from before", count(outcome.pages_kept));
    say("Put aside", count(outcome.rejected));
    if !outcome.new_columns.is_empty() {
        say("New columns", Some(html! { (outcome.new_columns.join(", ")) }));
    }
    say("File", code(&outcome.path));
    say("Generation", count(outcome.generation));
    say("Method", word(&outcome.method));
    say("Size against master", outcome.compaction.map(|share| html! { (format!("{:.0} %", share * 100.0)) }));
    say("Exit code", outcome.exit_code.map(|code| html! { (code) }));
    say("Started run", outcome.run.as_ref().map(|run| html! { a href={ "/runs/" (run) } { (run) } }));
    facts
}

/// Bytes and rows a second, where both are known.
fn rate(outcome: &Outcome) -> Option<String> {
    let span = std::time::Duration::try_from_secs_f64(outcome.seconds?).ok().filter(|span| !span.is_zero())?;
    let per_second = |count| crate::domain::progress::per_second(count, span);
    let bytes = outcome.bytes.map(|bytes| format!("{}/s", amount::bytes(per_second(bytes))));
    let rows = outcome.rows.map(|rows| format!("{} rows/s", amount::count(per_second(rows))));
    let all: Vec<String> = bytes.into_iter().chain(rows).collect();
    (!all.is_empty()).then(|| all.join(" · "))
}

fn by_name<T>(caption: &str, values: &BTreeMap<String, T>, show: impl Fn(&T) -> String) -> Markup {
    html! {
        @if !values.is_empty() {
            details open[values.len() <= 8] {
                summary { (caption) }
                table {
                    tbody { @for (name, value) in values { tr { th scope="row" { code { (name) } } td.number { (show(value)) } } } }
                }
            }
        }
    }
}
