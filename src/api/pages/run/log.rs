//! The log of a run: entries of its attempts, in the order they began, filtered by attempt, level and words.

use std::path::Path;

use maud::{Markup, html};
use serde::Deserialize;

use super::lines::{self, Line, LineLevel};
use crate::domain::run::{Run, RunStep};
use crate::engine::{self, LogReader};

/// Entries that a page shows at most, the last ones: a browser with a hundred thousand lines helps nobody.
const MOST: usize = 2_000;

/// Which entries to show.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LogFilter {
    /// Of this step only.
    pub(super) step: Option<String>,
    /// Of this attempt only.
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
    /// None: there is no log on this machine.
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
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("step", &self.step), ("level", &self.level), ("find", &self.find)] {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                query.append_pair(name, value);
            }
        }
        if let Some(attempt) = self.attempt {
            query.append_pair("attempt", &attempt.to_string());
        }
        query.finish()
    }
}

/// Reads the entries of a run that a filter takes. Blocks on files.
pub(super) fn read(logs: &Path, run: &Run, filter: &LogFilter) -> Vec<Section> {
    let mut attempts: Vec<_> = run
        .steps
        .iter()
        .enumerate()
        .flat_map(|(index, step)| step.attempts.iter().map(move |attempt| (index, step, attempt)))
        .filter(|(_, step, attempt)| filter.takes(step, attempt.number))
        .collect();
    attempts.sort_by_key(|(_, _, attempt)| attempt.started_at);
    let sections = attempts.into_iter().map(|(index, step, attempt)| {
        let mut lines = whole(logs, run, index, attempt.number);
        if let Some(lines) = &mut lines {
            filter.keep(lines);
        }
        Section { step: index, id: step.id.clone(), attempt: attempt.number, lines }
    });
    sections.collect()
}

/// All entries of one attempt; none if its log isn't on this machine.
pub(super) fn whole(logs: &Path, run: &Run, step: usize, attempt: u32) -> Option<Vec<Line>> {
    let text = LogReader::new(engine::log_path(logs, run.id, step, attempt)).read().ok()?;
    Some(lines::read(&text, 1))
}

/// The log's part of the page: filters, entries, download.
pub(super) fn log(run: &Run, filter: &LogFilter, sections: &[Section]) -> Markup {
    let address = format!("/runs/{}", run.id);
    html! {
        section #log aria-labelledby="log-title" {
            h2 #log-title { "Log" }
            form.filters method="get" action={ (address) "#log" } {
                label { "Step " select name="step" {
                    option value="" { "all" }
                    @for step in &run.steps { option value=(step.id) selected[filter.step.as_deref() == Some(&step.id)] { (step.id) } }
                } }
                label { "Level " select name="level" {
                    @for level in LineLevel::ALL { option value=(level.label()) selected[level == filter.level()] { (level.label()) } }
                } }
                input type="search" name="find" value=[&filter.find] placeholder="Find in the log" aria-label="Find in the log";
                button { "Show" }
                a.button href={ (address) "/log.txt" } { "Download" }
            }
            (entries(run, sections))
        }
    }
}

/// The entries, in a box that scrolls by itself.
pub(super) fn entries(run: &Run, sections: &[Section]) -> Markup {
    let all: usize = sections.iter().filter_map(|section| section.lines.as_ref()).map(Vec::len).sum();
    let mut skip = all.saturating_sub(MOST);
    html! {
        div #entries .log tabindex="0" role="log" aria-label="Entries of the log" data-follow[!run.state.is_final()] {
            @if skip > 0 {
                p.quiet { (skip) " earlier entries are in " a href={ "/runs/" (run.id) "/log.txt" } { "the whole log" } "." }
            }
            @if sections.is_empty() { p.quiet { "Nothing has been started yet." } }
            @for section in sections {
                h3 { "step " (section.id) ", attempt " (section.attempt) }
                @match &section.lines {
                    None => { p.quiet { "Its log is not on this machine: it was written where the attempt ran." } }
                    Some(lines) => {
                        @for line in lines.iter().skip(std::mem::replace(&mut skip, skip.saturating_sub(lines.len()))) { (entry(section, line)) }
                    }
                }
            }
        }
    }
}

fn entry(section: &Section, line: &Line) -> Markup {
    let id = format!("log-{}-{}-{}", section.step, section.attempt, line.number);
    html! {
        div.entry id=(id) {
            a href={ "#" (id) } aria-label={ "Link to entry " (line.number) } { (line.time.get(11..23).unwrap_or(&line.time)) }
            span class={ "level level-" (line.level.label()) } { (line.level.label()) }
            span.words { (line.text) }
        }
    }
}
