//! The forms in which a secret travels: as it is, percent-encoded in the ways that are in use, escaped in JSON.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// The shortest secret that is looked for in any text.
const SHORTEST: usize = 4;

/// The forms in which a secret may stand in a text; none if it is too short to be looked for.
pub(super) fn forms_of(secret: &str) -> Vec<String> {
    // A file with a secret usually ends in a line break that is no part of it.
    let secret = secret.trim_end_matches(['\r', '\n']);
    if secret.chars().count() < SHORTEST {
        return Vec::new();
    }
    let encoded = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let json = serde_json::Value::from(secret).to_string();
    let escaped = json.trim_start_matches('"').strip_suffix('"').unwrap_or(&json).to_owned();
    let written = [IN_A_QUERY, IN_A_PATH].map(|reserved| utf8_percent_encode(secret, reserved).to_string());
    let forms = [secret.to_owned(), lower_case_escapes(&encoded), encoded, lenient(secret), of_a_form(secret), escaped];
    forms.into_iter().chain(written).collect()
}

/// What a URL library encodes in a query that somebody has written as it is.
const IN_A_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'\'');

/// The same in a path.
const IN_A_PATH: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'?').add(b'^').add(b'`').add(b'{').add(b'}');

/// A secret as a URL library writes it that leaves `-`, `.`, `_` and `~` alone.
fn lenient(secret: &str) -> String {
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(secret, RESERVED).to_string()
}

/// A secret as a form or a query has it that a browser's library writes.
fn of_a_form(secret: &str) -> String {
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');
    utf8_percent_encode(secret, RESERVED).to_string().replace("%20", "+")
}

/// `%2F` as `%2f`; both are in use.
fn lower_case_escapes(encoded: &str) -> String {
    let mut characters = encoded.chars();
    let mut lower = String::with_capacity(encoded.len());
    while let Some(character) = characters.next() {
        lower.push(character);
        if character == '%' {
            lower.extend(characters.by_ref().take(2).map(|digit| digit.to_ascii_lowercase()));
        }
    }
    lower
}
