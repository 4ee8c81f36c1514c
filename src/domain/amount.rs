//! Durations and counts as people read them, the same in commands and on pages.

use std::time::Duration;

/// A duration in its two largest units, with this between a number and its unit: `3m 12s`, `12.3s`, `85ms`.
pub fn duration(duration: Duration, between: &str) -> String {
    let seconds = duration.as_secs();
    let two =
        |large: u64, big: &str, small: u64, little: &str| format!("{large}{between}{big} {small}{between}{little}");
    match seconds {
        0 => format!("{}{between}ms", duration.as_millis()),
        1..60 => format!("{:.1}{between}s", duration.as_secs_f64()),
        60..3600 => two(seconds / 60, "m", seconds % 60, "s"),
        3600..86_400 => two(seconds / 3600, "h", seconds / 60 % 60, "m"),
        _ => two(seconds / 86_400, "d", seconds / 3600 % 24, "h"),
    }
}

/// A number in groups of three digits: `4 993 305`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units_and_counts_have_groups() {
        assert_eq!(duration(Duration::from_millis(85), ""), "85ms");
        assert_eq!(duration(Duration::from_millis(12_345), ""), "12.3s");
        assert_eq!(duration(Duration::from_secs(192), ""), "3m 12s");
        assert_eq!(duration(Duration::from_hours(25), " "), "1 d 1 h");
        assert_eq!([count(0), count(999), count(4_993_305)], ["0", "999", "4 993 305"]);
    }
}
