//! What a value of JSON looks like, as far as its type depends on it.
//!
//! DuckDB infers a column's type from the kinds of its values, and that of texts from whether all of them are times of one
//! form. Two values of one likeness say the same to it. A value whose likeness isn't certain has none.

/// What a value looks like: one bit, so that those of a column are one number.
pub(super) type Likeness = u32;

const NULL: Likeness = 1;
const BOOLEAN: Likeness = 1 << 1;
const WHOLE: Likeness = 1 << 2;
const NEGATIVE: Likeness = 1 << 3;
const LARGE: Likeness = 1 << 4;
const DECIMAL: Likeness = 1 << 5;
const ARRAY: Likeness = 1 << 6;
const OBJECT: Likeness = 1 << 7;
const EMPTY: Likeness = 1 << 8;
const DATE: Likeness = 1 << 9;
const TIME: Likeness = 1 << 10;
const UUID: Likeness = 1 << 11;
/// The first of those of a day and a time, one for each form.
const TIMESTAMP: Likeness = 1 << 12;
/// A text that is neither a time nor a UUID.
pub(super) const TEXT: Likeness = 1 << 31;

/// How a text may go on behind a day and a time, as patterns of `fits`.
const ENDS: [&str; 8] = ["", "Z", ".000", ".000000", ".000Z", ".000000Z", "+00:00", "-00:00"];

/// Digits of a number that is certainly finite and not zero by rounding.
const USUAL: usize = 300;

/// What a value, which is valid JSON, looks like; `None` if that isn't certain.
pub(super) fn of(value: &str) -> Option<Likeness> {
    match value.as_bytes().first()? {
        b'"' => of_text(&value[1..value.len() - 1]),
        b'n' => Some(NULL),
        b't' | b'f' => Some(BOOLEAN),
        b'[' => Some(ARRAY),
        b'{' => Some(OBJECT),
        _ => of_number(value),
    }
}

fn of_number(number: &str) -> Option<Likeness> {
    if number.contains(['e', 'E']) {
        return None;
    }
    if number.contains('.') {
        return (number.len() < USUAL).then_some(DECIMAL);
    }
    match number.parse::<i64>() {
        Ok(value) if value < 0 => Some(NEGATIVE),
        Ok(_) if !number.starts_with('-') => Some(WHOLE),
        Ok(_) => None,
        Err(_) => number.parse::<u64>().is_ok().then_some(LARGE),
    }
}

/// A text as it stands between its quotes.
fn of_text(text: &str) -> Option<Likeness> {
    let bytes = text.as_bytes();
    match bytes.first() {
        None => Some(EMPTY),
        Some(b'0'..=b'9') => of_digits(text),
        Some(b'a'..=b'f' | b'A'..=b'F' | b'i' | b'I') => {
            let is_special = ["epoch", "inf"].iter().any(|special| begins(bytes, special));
            match bytes.len() {
                36 if is_uuid(bytes) => Some(UUID),
                0..32 if !is_special => Some(TEXT),
                _ => None,
            }
        }
        // What an escape stands for isn't looked at, but for a character beyond ASCII.
        Some(b'\\') => (begins(bytes, "\\u") && !begins(bytes, "\\u00")).then_some(TEXT),
        Some(b' ' | b'+' | b'-' | b'.' | b'{' | b'\x0b') => None,
        Some(_) => Some(TEXT),
    }
}

/// A text that begins with a digit.
fn of_digits(text: &str) -> Option<Likeness> {
    let bytes = text.as_bytes();
    if bytes.len() == 36 && is_uuid(bytes) {
        return Some(UUID);
    }
    if bytes.len() < 32 && !bytes.iter().any(|byte| matches!(byte, b'-' | b':' | b'\\')) {
        return Some(TEXT);
    }
    if fits(bytes, "00:00:00") {
        return is_clock(text).then_some(TIME);
    }
    if bytes.len() >= 10 && fits(&bytes[..10], "0000-00-00") && is_day(text) {
        let Some(separator) = bytes.get(10) else { return Some(DATE) };
        let form = match separator {
            b' ' => 0,
            b'T' => ENDS.len(),
            _ => return None,
        };
        let (clock, end) = (bytes.get(11..19)?, &bytes[19..]);
        if !fits(clock, "00:00:00") || !is_clock(&text[11..19]) {
            return None;
        }
        let end = ENDS.iter().position(|pattern| fits(end, pattern))?;
        // An offset has its own limits.
        let is_certain = ENDS[end].len() != 6 || (two(text, 20) < 13 && two(text, 23) < 60);
        return is_certain.then_some(TIMESTAMP << (form + end));
    }
    // None of these stands in any form of a time, nor in a UUID.
    let is_foreign = |byte: &u8| {
        !byte.is_ascii_digit()
            && !byte.is_ascii_alphabetic()
            && !matches!(byte, b'-' | b':' | b'.' | b' ' | b'+' | b'\\' | b'{' | b'}')
    };
    let escaped = bytes.contains(&b'\\');
    (!escaped && bytes.iter().any(is_foreign)).then_some(TEXT)
}

/// Whether a text has this form, in which `0` stands for any digit.
fn fits(text: &[u8], pattern: &str) -> bool {
    let same = |(byte, wanted): (&u8, u8)| if wanted == b'0' { byte.is_ascii_digit() } else { *byte == wanted };
    text.len() == pattern.len() && text.iter().zip(pattern.bytes()).all(same)
}

fn begins(text: &[u8], with: &str) -> bool {
    text.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with.as_bytes()))
}

fn is_uuid(text: &[u8]) -> bool {
    let is_right = |(at, byte): (usize, &u8)| {
        if matches!(at, 8 | 13 | 18 | 23) { *byte == b'-' } else { byte.is_ascii_hexdigit() }
    };
    text.iter().enumerate().all(is_right)
}

/// Two digits at that place.
fn two(text: &str, at: usize) -> u32 {
    text.get(at..at + 2).and_then(|digits| digits.parse().ok()).unwrap_or(u32::MAX)
}

fn is_clock(text: &str) -> bool {
    two(text, 0) < 24 && two(text, 3) < 60 && two(text, 6) < 60
}

fn is_day(text: &str) -> bool {
    let year = text.get(..4).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    year > 0 && chrono::NaiveDate::from_ymd_opt(year, two(text, 5), two(text, 8)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_certain_has_a_likeness() {
        let same = |values: &[&str]| {
            let likeness = of(values[0]);
            assert!(likeness.is_some(), "{}", values[0]);
            assert!(values.iter().all(|value| of(value) == likeness), "{values:?}");
            likeness
        };
        let alike = [
            same(&["1", "0", "9223372036854775807"]),
            same(&["-1", "-9223372036854775808"]),
            same(&["9223372036854775808"]),
            same(&["1.5", "-0.0"]),
            same(&["\"\""]),
            same(&["\"2026-01-02\"", "\"2024-02-29\""]),
            same(&["\"10:00:00\"", "\"23:59:59\""]),
            same(&["\"2026-01-02 10:00:00\""]),
            same(&["\"2026-01-02 10:00:00.123\""]),
            same(&["\"2026-01-02T10:00:00Z\""]),
            same(&["\"2026-01-02T10:00:00+09:00\"", "\"2026-01-02T10:00:00+05:30\""]),
            same(&["\"6f9619ff-8b86-d011-b42d-00c04fc964ff\"", "\"AF9619FF-8B86-D011-B42D-00C04FC964FF\""]),
            same(&["\"삼성\"", "\"\\uC0BC\"", "\"S1\"", "\"005930\"", "\"apple\"", "\"2026/01/02\"", "\"3, 4: 5\""]),
        ];
        let mut different = alike.to_vec();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), alike.len());
        let uncertain = [
            "-0",
            "1e5",
            "18446744073709551616",
            "\"2026-02-30\"",
            "\"2026-01-02 24:00:00\"",
            "\"10:00\"",
            "\"01-02-2026\"",
            "\" 2026-01-02\"",
            "\"epoch\"",
            "\"\\u0032026-01-02\"",
            "\"2026-01-02T10:00:00+15:00\"",
            "\"6f9619ff8b86d011b42d00c04fc964ff\"",
        ];
        assert!(uncertain.iter().all(|value| of(value).is_none()));
    }
}
