//! Addresses of pages. Names may hold any character.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::domain::code::Code;
use crate::domain::ids::RunId;

/// What must not stand in a part of a path or a value of a query.
const RESERVED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'?')
    .add(b'{')
    .add(b'}')
    .add(b'/')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'=')
    .add(b'\\')
    .add(b'^')
    .add(b'[')
    .add(b']')
    .add(b'|')
    .add(b';');

/// The page of locks.
pub(super) const LOCKS: &str = "/locks";

/// The page of connections.
pub(super) const CONNECTIONS: &str = "/connections";

/// The page of replicas.
pub(super) const REPLICAS: &str = "/replicas";

/// The page of daemons.
pub(super) const DAEMONS: &str = "/daemons";

/// A text as a part of a path or a value of a query.
pub(super) fn part(text: &str) -> String {
    // A part of only dots would be taken for a step up or for nothing.
    if !text.is_empty() && text.chars().all(|character| character == '.') {
        return text.replace('.', "%2E");
    }
    utf8_percent_encode(text, RESERVED).to_string()
}

/// A job's page.
pub(super) fn job(name: &str) -> String {
    format!("/jobs/{}", part(name))
}

/// A run's page.
pub(super) fn run(id: RunId) -> String {
    format!("/runs/{id}")
}

/// The page of an error code.
pub(super) fn error(code: Code) -> String {
    format!("/errors/{code}")
}

/// A place within this site that somebody gave, else the first page: a form must not lead elsewhere. What a header can't hold
/// (line breaks, letters beyond ASCII) no address has.
pub(in crate::api) fn within(place: &str) -> &str {
    let ours = place.starts_with('/') && !place.starts_with("//") && !place.contains('\\');
    if ours && place.bytes().all(|byte| (b' '..=b'~').contains(&byte)) { place } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_is_one_part_of_a_path() {
        assert_eq!(job("주문 a/b?"), "/jobs/%EC%A3%BC%EB%AC%B8%20a%2Fb%3F");
        assert_eq!(job(".."), "/jobs/%2E%2E");
    }

    #[test]
    fn only_places_of_this_site_are_gone_back_to() {
        assert_eq!(within("/jobs/x?a=b"), "/jobs/x?a=b");
        for elsewhere in
            ["https://example.com", "//example.com", "/\\example.com", "jobs", "", "/a\r\nb", "/a\0b", "/\tb", "/주문"]
        {
            assert_eq!(within(elsewhere), "/", "{elsewhere}");
        }
    }
}
