//! The log of a run: entries of its attempts, in the order they began, filtered by attempt, level and words.

use std::path::Path;

use maud::{Markup, html};
use serde::{Deserialize, Deserializer};

use super::lines::{self, Line, LineLevel};
use crate::api::pages::links;
use crate::domain::ids::RunId;
use crate::domain::run::{Attempt, Run, RunStep};
use crate::engine::{self, LogReader};

/// Entries that a page shows at most, the last ones: a browser with a hundred thousand lines helps nobody.
const MOST: usize = 500;

/// Which entries to show.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LogFilter {
    /// Of this step only.
    pub(super) step: Option<String>,
    /// Of this attempt only.
    #[serde(deserialize_with = "number")]
    pub(super) attempt: Option<u32>,
    /// That matter at least so much.
    pub(super) level: Option<String>,
    /// That hold these words.
    pub(super) find: Option<String>,
}

/// An attempt's entries.
pub(super) struct Section {
    step: usize,
    id: String,
    attempt: u32,
    /// `None`: there is no log on this machine.
    lines: Option<Vec<Line>>,
}

impl LogFilter {
    fn level(&self) -> LineLevel {
        self.level.as_deref().and_then(LineLevel::from_label).unwrap_or(LineLevel::Info)
    }

    fn takes(&self, step: &RunStep, attempt: u32) -> bool {
        self.step.as_ref().is_none_or(|of| of.is_empty() || *of == step.id)
            && self.attempt.is_none_or(|of| of == attempt)
    }

    /// Keeps the entries that are asked for.
    fn keep(&self, lines: &mut Vec<Line>) {
        let (level, find) = (self.level(), self.find.as_deref().unwrap_or_default().to_lowercase());
        lines.retain(|line| line.level >= level && (find.is_empty() || line.text.to_lowercase().contains(&find)));
    }

    /// The filter as the end of an address.
    pub(super) fn query(&self) -> String {
        let attempt = self.attempt.map(|attempt| attempt.to_string());
        let pairs = [("step", &self.step), ("attempt", &attempt), ("level", &self.level), ("find", &self.find)];
        let given =
            pairs.iter().filter_map(|(name, value)| Some((name, value.as_ref().filter(|value| !value.is_empty())?)));
        given.map(|(name, value)| format!("{name}={}", links::part(value))).collect::<Vec<_>>().join("&")
    }
}

/// A number; of anything else, as a form sends for what isn't filled in, none.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    Ok(String::deserialize(deserializer)?.parse().ok())
}

/// Reads the entries of a run that a filter takes.
pub(super) async fn read(logs: &Path, run: &Run, filter: LogFilter) -> Vec<Section> {
    let wanted: Vec<_> = in_order(run).into_iter().filter(|(_, step, of)| filter.takes(step, of.number)).collect();
    let files: Vec<_> = wanted.iter().map(|(index, step, of)| (*index, step.id.clone(), of.number)).collect();
    let (logs, run) = (logs.to_path_buf(), run.id);
    blocking(move || {
        let sections = files.into_iter().map(|(step, id, attempt)| {
            let mut lines = whole(&logs, run, step, attempt);
            if let Some(lines) = &mut lines {
                filter.keep(lines);
            }
            Section { step, id, attempt, lines }
        });
        sections.collect()
    })
    .await
}

/// The entries of one attempt; empty where there are none.
pub(super) async fn of_attempt(logs: &Path, run: RunId, step: usize, attempt: u32) -> Vec<Line> {
    let logs = logs.to_path_buf();
    blocking(move || whole(&logs, run, step, attempt).unwrap_or_default()).await
}

/// All that is logged of a run, as it stands in the files.
pub(super) async fn text(logs: &Path, run: &Run) -> String {
    let files: Vec<_> = in_order(run).iter().map(|(index, step, of)| (*index, step.id.clone(), of.number)).collect();
    let (logs, run) = (logs.to_path_buf(), run.id);
    blocking(move || {
        let section = |(step, id, attempt): (usize, String, u32)| {
            let text = LogReader::new(engine::log_path(&logs, run, step, attempt)).read();
            format!(
                "-- step {id}, attempt {attempt}\n{}",
                text.unwrap_or_else(|error| format!("-- not here: {error}\n"))
            )
        };
        files.into_iter().map(section).collect()
    })
    .await
}

/// Attempts in the order they began.
fn in_order(run: &Run) -> Vec<(usize, &RunStep, &Attempt)> {
    let steps = run.steps.iter().enumerate();
    let mut all: Vec<_> =
        steps.flat_map(|(index, step)| step.attempts.iter().map(move |attempt| (index, step, attempt))).collect();
    all.sort_by_key(|(_, _, attempt)| attempt.started_at);
    all
}

/// All entries of one attempt; none if its log isn't on this machine.
fn whole(logs: &Path, run: RunId, step: usize, attempt: u32) -> Option<Vec<Line>> {
    let text = LogReader::new(engine::log_path(logs, run, step, attempt)).read().ok()?;
    Some(lines::read(&text, 1))
}

/// Work on files, beside those who answer requests. What can't be done leaves nothing.
async fn blocking<T: Default + Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap_or_default()
}

/// What to show of the log, and the whole of it to take away.
pub(super) fn filters(run: &Run, filter: &LogFilter) -> Markup {
    let address = links::run(run.id);
    html! {
            form.filters method="get" action={ (address) "#log" } {
                label { "Step " select name="step" {
                    option value="" { "all" }
                    @for step in &run.steps { option value=(step.id) selected[filter.step.as_deref() == Some(&step.id)] { (step.id) } }
                } }
                label { "Level " select name="level" {
                    @for level in LineLevel::ALL { option value=(level.label()) selected[level == filter.level()] { (level.label()) } }
                } }
                input type="search" name="find" value=[filter.find.as_ref()] placeholder="Find in the log" aria-label="Find in the log";
                button { "Show" }
                a.button href={ (address) "/log.txt" } { "Download" }
            }
    }
}

/// The entries, in a box that scrolls by itself.
pub(super) fn entries(run: &Run, sections: &[Section]) -> Markup {
    let all: usize = sections.iter().filter_map(|section| section.lines.as_ref()).map(Vec::len).sum();
    let left_out = all.saturating_sub(MOST);
    html! {
        div #entries .log tabindex="0" role="log" aria-label="Entries of the log" {
            @if left_out > 0 {
                p.quiet { (left_out) " earlier entries are in " a href={ (links::run(run.id)) "/log.txt" } { "the whole log" } "." }
            }
            @if sections.is_empty() { p.quiet { "Nothing has been started yet." } }
            @for (section, skipped) in last(sections, left_out) {
                h3 { "step " (section.id) ", attempt " (section.attempt) }
                @match &section.lines {
                    None => { p.quiet { "Its log is not on this machine: it was written where the attempt ran." } }
                    Some(lines) if lines.is_empty() => { p.quiet { "No entry of this kind." } }
                    Some(lines) => { @for line in &lines[skipped..] { (entry(section, line)) } }
                }
            }
        }
    }
}

/// Sections without the first so many entries in all: each with the number that it leaves out. One of which nothing would
/// be left is left out as a whole.
fn last(sections: &[Section], mut left_out: usize) -> Vec<(&Section, usize)> {
    let mut shown = Vec::new();
    for section in sections {
        let entries = section.lines.as_ref().map_or(0, Vec::len);
        if left_out > 0 && left_out >= entries {
            left_out -= entries;
            continue;
        }
        shown.push((section, left_out));
        left_out = 0;
    }
    shown
}

fn entry(section: &Section, line: &Line) -> Markup {
    let id = format!("log-{}-{}-{}", section.step, section.attempt, line.number);
    html! {
        div.entry id=(id) {
            a href={ "#" (id) } title="A link to this entry" { (line.time.get(11..23).unwrap_or(&line.time)) }
            span class={ "level level-" (line.level.label()) } { (line.level.label()) }
            span.words { (line.text) }
        }
    }
}
