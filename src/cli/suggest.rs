//! Did you mean …?

/// The known word nearest to `word`, if it is near enough to be meant.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    known
        .into_iter()
        .map(|each| (strsim::damerau_levenshtein(&lower, &each.to_lowercase()), each))
        .filter(|(distance, each)| *distance <= (each.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, each)| each)
}

/// What to do about an unknown word: the nearest known one, else another way on.
pub(super) fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    nearest(word, known).map_or_else(|| otherwise.to_owned(), |nearest| format!("did you mean `{nearest}`?"))
}
