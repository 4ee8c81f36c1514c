//! What whoever runs the tests may choose: how long the long rounds are, and what all chance comes from.

/// A number from the environment, or its default.
pub(crate) fn number(variable: &str, default: u64) -> u64 {
    let Some(text) = text(variable) else { return default };
    text.parse().unwrap_or_else(|_| panic!("{variable}: `{text}` is no number"))
}

/// The words of a list such as `14,16`.
pub(crate) fn list(variable: &str) -> Vec<String> {
    let list = text(variable).unwrap_or_default();
    list.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// What all chance of a test comes from: `WINDLASS_TEST_SEED`, else another one each time. A test that fails shows it.
pub(crate) fn seed() -> u64 {
    let seed = number("WINDLASS_TEST_SEED", rand::random::<u32>().into());
    note(&format!("WINDLASS_TEST_SEED={seed}"));
    seed
}

/// Notes something that is shown if the test fails.
#[expect(clippy::print_stdout, reason = "the test runner keeps it and shows it with a failure")]
pub(crate) fn note(text: &str) {
    println!("{text}");
}

#[expect(clippy::disallowed_methods, reason = "flags of the tests, not of Windlass")]
fn text(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|text| !text.is_empty())
}
