//! From page to page: what the next request is, or why there is none.

use std::collections::HashSet;

use serde_json::Value;

use super::journal::Line;
use super::look::Look;
use super::render::Turn;
use crate::domain::step::{CursorTo, PageBy, PageSize, Paginate};

/// How far the pages have come.
pub(super) struct Course<'p> {
    plan: &'p Paginate,
    /// The page that is asked for, from one.
    pub(super) number: u64,
    /// Records of all pages so far.
    pub(super) records: u64,
    /// Cursors and addresses that were followed, to notice circles.
    followed: HashSet<String>,
    last: Option<[u8; 32]>,
}

/// A page that has come.
pub(super) struct Page<'l> {
    /// What was seen on it.
    pub(super) look: &'l Look,
    /// The value where the cursor should be.
    pub(super) cursor: Option<&'l Value>,
    /// The target of its link to the next page.
    pub(super) link: Option<&'l str>,
    /// Where it came from.
    pub(super) url: &'l str,
}

impl<'p> Course<'p> {
    /// Before the first page.
    pub(super) fn new(plan: &'p Paginate) -> Self {
        Self { plan, number: 1, records: 0, followed: HashSet::new(), last: None }
    }

    /// How the first request differs from the one that is written.
    pub(super) fn first(&self) -> Turn {
        match &self.plan.by {
            PageBy::Page { param, start, size } => Turn::Query(numbered(param, *start, size)),
            PageBy::Offset { param, size } => Turn::Query(numbered(param, 0, size)),
            PageBy::Cursor { .. } | PageBy::Link => Turn::AsWritten,
        }
    }

    /// What follows a page: the next request, nothing, or why it can't go on. `last` is what the job says of it.
    pub(super) fn after(&mut self, page: &Page<'_>, last: bool) -> Result<Option<Turn>, String> {
        let records = page.look.records;
        self.records += records;
        if records > 0 && page.look.digest.is_some() && page.look.digest == self.last {
            return Err(format!("page {} has the same records as the page before{}", self.number, self.ignored()));
        }
        self.last = page.look.digest;
        if last {
            return Ok(None);
        }
        let next = match &self.plan.by {
            PageBy::Page { .. } | PageBy::Offset { .. } if records == 0 || self.is_short(records) => None,
            PageBy::Page { param, start, size } => Some(Turn::Query(numbered(param, start + self.number, size))),
            PageBy::Offset { param, size } => Some(Turn::Query(numbered(param, self.records, size))),
            PageBy::Cursor { from, to } => self.cursor(page, from, to)?,
            PageBy::Link => match page.link {
                Some(target) => Some(self.to(page.url, target, "link")?),
                None => None,
            },
        };
        if next.is_some() && self.number >= self.plan.max_pages {
            return Err(format!("there are more pages than `max_pages` allows: {}", self.plan.max_pages));
        }
        self.number += 1;
        Ok(next)
    }

    /// Goes past a page that an earlier attempt has fetched: what `after` did then.
    pub(super) fn pass(&mut self, line: &Line) {
        self.records += line.records;
        self.last = line.digest;
        self.number += 1;
        self.followed.extend(line.next.as_ref().and_then(|turn| self.followed_by(turn)));
    }

    /// What a request follows, where that may be noticed as a circle.
    fn followed_by(&self, turn: &Turn) -> Option<String> {
        match (&self.plan.by, turn) {
            (_, Turn::To { target, .. }) => Some(target.clone()),
            (_, Turn::Json(_, Value::String(text))) => Some(text.clone()),
            (_, Turn::Json(_, other)) => Some(other.to_string()),
            (PageBy::Cursor { .. }, Turn::Query(pairs)) => pairs.first().map(|(_, text)| text.clone()),
            _ => None,
        }
    }

    fn cursor(&mut self, page: &Page<'_>, from: &str, to: &CursorTo) -> Result<Option<Turn>, String> {
        let text = match page.cursor {
            None | Some(Value::Null | Value::Bool(false)) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(other) => return Err(format!("the cursor at `{from}` is neither text nor a number: {other}")),
        };
        let turn = match to {
            CursorTo::Url => return self.to(page.url, &text, "cursor").map(Some),
            CursorTo::Param(name) => Turn::Query(vec![(name.clone(), text.clone())]),
            CursorTo::Json(pointer) => Turn::Json(pointer.clone(), page.cursor.cloned().unwrap_or_default()),
        };
        if self.followed.insert(text.clone()) {
            return Ok(Some(turn));
        }
        // Some servers end with an empty page that repeats the cursor.
        if page.look.records == 0 {
            return Ok(None);
        }
        Err(format!(
            "page {} repeats the cursor `{text}` of an earlier page, so the pages would never end",
            self.number
        ))
    }

    fn to(&mut self, from: &str, target: &str, what: &str) -> Result<Turn, String> {
        if !self.followed.insert(target.to_owned()) {
            return Err(format!("the {what} of page {} leads back to an earlier page, `{target}`", self.number));
        }
        Ok(Turn::To { from: from.to_owned(), target: target.to_owned() })
    }

    fn is_short(&self, records: u64) -> bool {
        let (PageBy::Page { size, .. } | PageBy::Offset { size, .. }) = &self.plan.by else { return false };
        self.plan.stop_on_short && size.records.is_some_and(|full| records < full)
    }

    fn ignored(&self) -> String {
        match &self.plan.by {
            PageBy::Page { param, .. } | PageBy::Offset { param, .. } => {
                format!("; the server seems to ignore `{param}`")
            }
            PageBy::Cursor { .. } | PageBy::Link => String::new(),
        }
    }
}

/// Query parameters with a number and, where it is wanted, a size.
fn numbered(param: &str, number: u64, size: &PageSize) -> Vec<(String, String)> {
    let mut pairs = vec![(param.to_owned(), number.to_string())];
    if let (Some(name), Some(records)) = (&size.param, size.records) {
        pairs.push((name.clone(), records.to_string()));
    }
    pairs
}
