//! Durations as written: `500ms`, `2s`, `5m`, `1h30m`, `7d`.

use std::time::Duration;

/// The longest duration that is taken: longer ones are slips of the hand and overflow calendars.
const LONGEST: Duration = Duration::from_hours(24 * 3660);

/// Reads a duration. Units are `ms`, `s`, `m`, `h` and `d`; no spaces, no months, whose length nobody agrees on.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    const ALLOWED: &[&str] = &["ms", "s", "m", "h", "d"];
    let mut rest = text;
    while !rest.is_empty() {
        let after_digits = rest.trim_start_matches(|character: char| character.is_ascii_digit());
        let after_unit = after_digits.trim_start_matches(|character: char| character.is_alphabetic());
        let unit = &after_digits[..after_digits.len() - after_unit.len()];
        if after_digits.len() == rest.len() || !ALLOWED.contains(&unit) {
            return Err(format!("`{text}` is not a duration"));
        }
        rest = after_unit;
    }
    let duration = humantime::parse_duration(text).map_err(|_| format!("`{text}` is not a duration"))?;
    if duration > LONGEST {
        return Err(format!("`{text}` is longer than ten years"));
    }
    Ok(duration)
}

/// What to write instead.
pub(crate) const HINT: &str = "durations are written as `500ms`, `2s`, `5m`, `1h30m` or `7d`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_documented_form_is_a_duration() {
        assert_eq!(parse("1h30m"), Ok(Duration::from_mins(90)));
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse("7d"), Ok(Duration::from_hours(168)));
        for bad in
            ["", " ", "5", "5 m", " 5m", "5M", "1month", "-5s", "1.5h", "s", "5분", "99999999999999999999d", "9999d"]
        {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
