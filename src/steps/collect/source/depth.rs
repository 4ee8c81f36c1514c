//! How deep a record is nested.
//!
//! DuckDB follows nested values by recursion, so one that is nested without end would end the whole process.

/// Deepest nesting of a record: far more than anybody means, far less than what a thread's stack can hold.
pub(super) const DEEPEST: usize = 1000;

/// Whether a JSON text is nested deeper than that.
pub(super) fn is_too_deep(text: &str) -> bool {
    // Each level takes two characters, and an opening one: what is short, or has few of these, needs no closer look.
    text.len() > 2 * DEEPEST
        && text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count() > DEEPEST
        && depth_of(text) > DEEPEST
}

fn depth_of(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut quoted, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nesting_counts() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(!is_too_deep(&nested(DEEPEST)));
        assert!(is_too_deep(&nested(DEEPEST + 1)));
        let wide = format!("{{\"a\":[{}{{}}],\"b\":\"{}\\\"[\"}}", "{},".repeat(5000), "[".repeat(5000));
        assert!(!is_too_deep(&wide));
    }
}
