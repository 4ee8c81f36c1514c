//! Which jobs are shown, in which order: what stands in the page's address.

use std::cmp::Reverse;

use serde::Deserialize;

use super::facts::Facts;
use crate::api::pages::links::part;
use crate::store::JobOverview;

/// Jobs on a page: more than a screen shows, as each row is waited for until the first of them is seen.
const ON_A_PAGE: usize = 25;

/// States that can be asked for, with their words.
pub(super) const STATES: [(&str, &str); 8] = [
    ("", "any state"),
    ("failing", "failing"),
    ("running", "running"),
    ("waiting", "waiting"),
    ("succeeded", "succeeded last"),
    ("paused", "paused"),
    ("broken", "file broken"),
    ("new", "never run"),
];

/// Kinds of steps that can be asked for.
pub(super) const KINDS: [&str; 7] =
    ["collect", "copy_to_staging", "parallel_ctas", "publish_replica", "sql", "command", "trigger"];

/// Columns that can be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::api::pages) enum Sort {
    /// By name.
    #[default]
    Name,
    /// Newest run first.
    Last,
    /// Due soonest first.
    Next,
    /// Failing first, then running, waiting, and the rest.
    State,
}

impl Sort {
    /// The word in the address.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Last => "last",
            Self::Next => "next",
            Self::State => "state",
        }
    }
}

/// A choice of jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(in crate::api::pages) struct Filter {
    /// Words that name or description hold, all of them.
    pub(super) q: String,
    /// One of `STATES`.
    pub(super) state: String,
    /// One of `KINDS`.
    pub(super) kind: String,
    /// The order.
    pub(super) sort: Sort,
    /// The page, from one.
    pub(super) page: usize,
}

impl Filter {
    /// Places of the jobs that it leaves, in its order.
    pub(super) fn choose(&self, facts: &Facts) -> Vec<usize> {
        let words: Vec<String> = self.q.split_whitespace().map(str::to_lowercase).collect();
        let mut chosen: Vec<usize> =
            (0..facts.jobs.len()).filter(|at| self.takes(&facts.jobs[*at], &words, facts)).collect();
        match self.sort {
            // That is the order they come in.
            Sort::Name => {}
            Sort::Last => chosen.sort_by_key(|at| Reverse(facts.jobs[*at].last.as_ref().map(|run| run.created_at))),
            Sort::Next => chosen.sort_by_key(|at| {
                let due = due(&facts.jobs[*at]);
                (due.is_none(), due)
            }),
            Sort::State => chosen.sort_by_key(|at| urgency(&facts.jobs[*at])),
        }
        chosen
    }

    /// Those of them that are on this page.
    pub(super) fn page_of<'c>(&self, chosen: &'c [usize]) -> &'c [usize] {
        let from = (self.number(chosen.len()) - 1) * ON_A_PAGE;
        &chosen[from..chosen.len().min(from + ON_A_PAGE)]
    }

    /// The page's number, and never one past the last.
    pub(super) fn number(&self, chosen: usize) -> usize {
        self.page.clamp(1, Self::pages(chosen))
    }

    /// How many pages there are.
    pub(super) fn pages(chosen: usize) -> usize {
        chosen.div_ceil(ON_A_PAGE).max(1)
    }

    /// Whether it leaves all jobs.
    pub(super) fn is_empty(&self) -> bool {
        self.q.trim().is_empty() && self.state.is_empty() && self.kind.is_empty()
    }

    /// The query of an address with this choice; empty for the one that a plain address has.
    pub(super) fn query(&self) -> String {
        let sort = if self.sort == Sort::Name { "" } else { self.sort.label() };
        let page = if self.page > 1 { self.page.to_string() } else { String::new() };
        let pairs =
            [("q", self.q.trim()), ("state", &self.state), ("kind", &self.kind), ("sort", sort), ("page", &page)];
        let set = pairs.iter().filter(|(_, value)| !value.is_empty());
        let query: Vec<String> = set.map(|(name, value)| format!("{name}={}", part(value))).collect();
        if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) }
    }

    fn takes(&self, job: &JobOverview, words: &[String], facts: &Facts) -> bool {
        let definition = facts.job(job);
        let description = definition.and_then(|job| job.description.as_deref()).unwrap_or_default();
        let text = format!("{} {description}", job.name).to_lowercase();
        let kind = || definition.is_some_and(|job| job.steps.iter().any(|step| step.kind.label() == self.kind));
        words.iter().all(|word| text.contains(word)) && is(job, &self.state) && (self.kind.is_empty() || kind())
    }
}

/// When a job is due next, unless it is paused.
pub(super) fn due(job: &JobOverview) -> Option<chrono::DateTime<chrono::Utc>> {
    if job.pause.is_some() {
        return None;
    }
    let schedule = job.schedule.as_ref()?;
    job.next_due.or_else(|| schedule.next_after(job.planned_through).ok().flatten())
}

fn is(job: &JobOverview, state: &str) -> bool {
    let last = job.last.as_ref().map(|run| run.state.as_str());
    match state {
        "" => true,
        "failing" => job.failing.is_some(),
        "waiting" => matches!(last, Some("waiting" | "queued")),
        "paused" => job.pause.is_some(),
        "broken" => job.broken.is_some(),
        "new" => last.is_none(),
        other => last == Some(other),
    }
}

fn urgency(job: &JobOverview) -> u8 {
    match job.last.as_ref().map(|run| run.state.as_str()) {
        _ if job.failing.is_some() => 0,
        _ if job.broken.is_some() => 1,
        Some("running") => 2,
        Some("waiting" | "queued") => 3,
        _ if job.pause.is_some() => 4,
        Some(_) => 5,
        None => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_only_what_was_chosen_and_a_page_past_the_end_is_the_last() {
        let filter = Filter { q: " 주문 a&b ".to_owned(), sort: Sort::Next, page: 9, ..Filter::default() };
        assert_eq!(filter.query(), "?q=%EC%A3%BC%EB%AC%B8%20a%26b&sort=next&page=9");
        assert_eq!(Filter::default().query(), "");
        assert_eq!([filter.number(0), filter.number(25), filter.number(125)], [1, 1, 5]);
        let chosen: Vec<usize> = (0..125).collect();
        assert_eq!(filter.page_of(&chosen), &chosen[100..]);
    }
}
