//! Numbers within JSON that keep every digit.
//!
//! DuckDB reads the numbers of a nested value as it reads any other, so a `double` is what is left of them. Where that would
//! lose anything, the value is written as a text that says, by a mark before it, that it is JSON. What reads it takes the
//! mark off and the text for JSON.

use std::borrow::Cow;

use uuid::Uuid;

use super::digits::{self, Exact, Kept, is_number};

/// Digits that every `double` keeps.
const SAFE: usize = 15;

/// Puts marks before values, with one that no source can know.
pub(super) struct Marks {
    mark: String,
    used: bool,
}

impl Marks {
    /// A mark of its own.
    pub(super) fn new() -> Self {
        Self { mark: format!("windlass-{}:", Uuid::new_v4()), used: false }
    }

    /// The mark, if it stands anywhere.
    pub(super) fn used(self) -> Option<String> {
        self.used.then_some(self.mark)
    }

    /// A record, which is an object, with texts for those values that would lose digits. A column that nobody knows
    /// becomes JSON by having a nested value, or several kinds of values.
    pub(super) fn put<'r>(&mut self, record: &'r str, exact: &Exact) -> Cow<'r, str> {
        let inner = record.get(1..).unwrap_or_default();
        // Most records are flat, and looking at each field takes its time.
        if !inner.contains('{') && !inner.contains('[') && !exact.has(&[Kept::Json]) {
            return Cow::Borrowed(record);
        }
        digits::with_values(record, |name, value| {
            let is_nested = value.starts_with(['{', '[']);
            if !is_nested && !is_number(value) || !loses(value) {
                return None;
            }
            let text = match (exact.of(name), is_nested) {
                (Some(Kept::Json), _) | (None, true) => {
                    self.used = true;
                    format!("{}{value}", self.mark)
                }
                (Some(Kept::Text), true) => value.to_owned(),
                _ => return None,
            };
            serde_json::to_string(&text).ok()
        })
    }
}

/// Whether numbers in a value, which is valid JSON, would be written otherwise after having been a `double`. Whole numbers
/// of any length are kept.
fn loses(value: &str) -> bool {
    let (mut in_text, mut escaped, mut start) = (false, false, None);
    for (at, byte) in value.bytes().enumerate() {
        match (byte, start) {
            _ if escaped => escaped = false,
            (b'\\', _) => escaped = true,
            (b'"', _) => in_text = !in_text,
            _ if in_text => {}
            (b'-' | b'0'..=b'9', None) => start = Some(at),
            (b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9', Some(_)) => {}
            (_, Some(from)) if is_lossy(&value[from..at]) => return true,
            _ => start = None,
        }
    }
    start.is_some_and(|from| is_lossy(&value[from..]))
}

/// Whether a number would be. One with an exponent may, and so may zeros at the end.
fn is_lossy(number: &str) -> bool {
    if number.contains(['e', 'E']) {
        return true;
    }
    let digits = number.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    number.contains('.') && (digits > SAFE || number.ends_with('0') && !number.ends_with(".0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_marked_that_would_lose_digits() {
        let exact = [("j", Kept::Json), ("t", Kept::Text), ("o", Kept::Other)].into_iter().collect();
        let mut marks = Marks::new();
        let safe = r#"{"j": 1.5, "a": {"b": [0.000123, "1.10", "\"1e5", true, -10.0]}, "o": [1e400], "b": 1e400}"#;
        assert_eq!(marks.put(safe, &exact), safe);
        assert!(!marks.used);
        let record = r#"{"J": 1e400, "a": {"b": [1, "\"", 1.10]}, "t": [0.1234567890123456789], "n": null}"#;
        let expected =
            r#"{"J": "~1e400", "a": "~{\"b\": [1, \"\\\"\", 1.10]}", "t": "[0.1234567890123456789]", "n": null}"#;
        assert_eq!(marks.put(record, &exact).replace(&marks.mark, "~"), expected);
        assert_eq!(marks.put(r#"{"a": [12345678901234567890.5]}"#, &Exact::default()).matches(&marks.mark).count(), 1);
        assert!(marks.used().is_some());
    }
}
