//! The lines of an attempt's log: time, level, message, and what a message has on further lines.

use crate::engine::SENT_MARK;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number in the attempt's log, from one.
    pub(super) number: usize,
    /// When it was written, RFC 3339 in UTC.
    pub(super) time: String,
    /// How much it matters.
    pub(super) level: LineLevel,
    /// The message; further lines are kept.
    pub(super) text: String,
}

/// How much a line matters, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LineLevel {
    /// For whoever looks closely.
    Debug,
    /// What was done.
    Info,
    /// What may become a problem.
    Warn,
    /// What failed.
    Error,
}

impl LineLevel {
    /// Every level, the least first.
    pub(super) const ALL: [Self; 4] = [Self::Debug, Self::Info, Self::Warn, Self::Error];

    /// The word for it, in logs and addresses.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    /// The level of that word.
    pub(super) fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.label().eq_ignore_ascii_case(label))
    }
}

/// Reads the entries of a log's text; the first gets the number `first`.
pub(super) fn read(text: &str, first: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for raw in text.lines() {
        if let Some((time, level, text)) = begins(raw) {
            let number = first + lines.len();
            lines.push(Line { number, time: time.to_owned(), level, text: text.to_owned() });
        } else if let Some(last) = lines.last_mut() {
            last.text.push('\n');
            last.text.push_str(raw.strip_prefix("    ").unwrap_or(raw));
        }
    }
    lines
}

/// The parts of a line that begins an entry.
fn begins(raw: &str) -> Option<(&str, LineLevel, &str)> {
    let (time, rest) = raw.split_once(' ')?;
    let level = LineLevel::from_label(rest.get(..5)?.trim_end())?;
    (time.ends_with('Z') && time.contains('T')).then_some((time, level, rest.get(6..).unwrap_or_default()))
}

/// What the attempt has sent to servers, in order.
pub(super) fn sent(lines: &[Line]) -> impl Iterator<Item = &str> {
    lines.iter().filter_map(|line| line.text.strip_prefix(SENT_MARK)?.strip_prefix('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "2026-01-01T00:00:00.000Z INFO  one\n\
                        2026-01-01T00:00:01.000Z DEBUG sent:\n    select 1\n      from t\n\
                        2026-01-01T00:00:02.000Z ERROR WL0402 주문_내역: no\n";

    #[test]
    fn entries_keep_their_further_lines() {
        let lines = read(TEXT, 1);
        let shown: Vec<_> = lines.iter().map(|line| (line.number, line.level.label(), line.text.as_str())).collect();
        let expected =
            [(1, "info", "one"), (2, "debug", "sent:\nselect 1\n  from t"), (3, "error", "WL0402 주문_내역: no")];
        assert_eq!(shown, expected);
        assert_eq!(sent(&lines).collect::<Vec<_>>(), ["select 1\n  from t"]);
    }

    #[test]
    fn what_begins_no_entry_belongs_to_the_one_before_or_to_none() {
        assert!(read("    the end of something\n", 1).is_empty());
        assert_eq!(read("2026-01-01T00:00:00.000Z INFO  \nnot ours", 5)[0].text, "\nnot ours");
    }
}
