//! Did you mean …?

use crate::spec::nearest;

/// What to do about an unknown word: the nearest known one, else another way on.
pub fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    nearest(word, &known).map_or_else(|| otherwise.to_owned(), |nearest| format!("did you mean `{nearest}`?"))
}
