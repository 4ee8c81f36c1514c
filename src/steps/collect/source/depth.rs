//! How deep a JSON record is nested.
//!
//! DuckDB infers the types of nested values by recursion, and its thread's stack ends some thousand levels down. A
//! record from outside must not end the daemon.

/// Most levels that a record may have.
pub(super) const DEEPEST: usize = 1000;

/// Whether a record, which is valid JSON, is nested deeper than that.
pub(super) fn too_deep(record: &str) -> bool {
    // Each level takes two bytes, so that short records, which are most, aren't looked at.
    if record.len() <= 2 * DEEPEST || record.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count() <= DEEPEST {
        return false;
    }
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in record.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_nested_counts() {
        let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(!too_deep(&nested(DEEPEST - 1)));
        assert!(too_deep(&nested(DEEPEST)));
        assert!(!too_deep(&format!("{{\"a\":\"\\\"{}\"}}", "[".repeat(3 * DEEPEST))));
        assert!(!too_deep(&format!("{{\"a\":[{}0]}}", "[],".repeat(3 * DEEPEST))));
    }
}
