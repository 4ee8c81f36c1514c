//! Durations, rows, bytes.

use std::time::Duration;

use crate::domain::amount;

/// What stands between a number and its unit: a space that no line breaks at.
const SPACE: &str = "\u{202f}";

/// A duration to two units: `3 m 12 s`.
pub(in super::super) fn duration(of: Duration) -> String {
    amount::duration(of, SPACE)
}

/// A duration of something that goes on: whole seconds, as the browser counts them.
pub(in super::super) fn whole(of: Duration) -> String {
    match of.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => amount::duration(Duration::from_secs(seconds), " "),
    }
}

/// Rows and the like in groups of three digits: `4 993 305`.
pub(in super::super) fn count(of: u64) -> String {
    amount::count(of).replace(' ', SPACE)
}

/// A size: `511 MiB`.
pub(in super::super) fn bytes(of: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if of < 1024 {
        return format!("{of}{SPACE}B");
    }
    let (mut scaled, mut unit) = (of, 0);
    while scaled >= 1024 * 1024 && unit < UNITS.len() - 1 {
        scaled /= 1024;
        unit += 1;
    }
    // Tenths are shown as long as they say something.
    let tenths = scaled * 10 / 1024;
    if tenths < 100 {
        format!("{}.{}{SPACE}{}", tenths / 10, tenths % 10, UNITS[unit])
    } else {
        format!("{}{SPACE}{}", tenths / 10, UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_groups_and_units() {
        let plain = |text: String| text.replace(SPACE, " ");
        assert_eq!(plain(duration(Duration::from_secs(192))), "3 m 12 s");
        assert_eq!(whole(Duration::from_millis(59_900)), "59 s");
        assert_eq!(plain(count(4_993_305)), "4 993 305");
        assert_eq!(plain(bytes(535_822_336)), "511 MiB");
        assert_eq!(
            [plain(bytes(1023)), plain(bytes(1536)), plain(bytes(u64::MAX))],
            ["1023 B", "1.5 KiB", "16383 PiB"]
        );
    }
}
