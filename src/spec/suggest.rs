//! Did you mean …?

/// The hint for a word that isn't one of `known`: the nearest, else all of them, else nothing.
pub(crate) fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(nearest) = nearest(word, &known) {
        return Some(format!("did you mean `{nearest}`?"));
    }
    match known.as_slice() {
        [] => None,
        [only] => Some(format!("only `{only}` is possible here")),
        all => Some(format!("possible here: {}", all.join(", "))),
    }
}

/// The known word nearest to `word`, if it is near enough to be a slip of the hand.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let lower = word.to_lowercase();
    known
        .iter()
        .map(|each| (strsim::damerau_levenshtein(&lower, &each.to_lowercase()), *each))
        .filter(|(distance, each)| *distance <= (each.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, each)| each)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_slip_of_the_hand_is_near() {
        assert_eq!(nearest("conection", &["connection", "table"]), Some("connection"));
        assert_eq!(nearest("Missed", &["missed"]), Some("missed"));
        assert_eq!(nearest("banana", &["connection", "table"]), None);
    }
}
