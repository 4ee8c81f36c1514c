//! The one place where secrets are taken out of text, before it is written anywhere: logs, errors, API, database.
//!
//! Known secrets (from the environment and from `…_file` keys) are replaced wherever they stand, also in the forms in
//! which they travel: percent-encoded in a URL, escaped in JSON. The longest wins, so that of two secrets of which one
//! begins with the other nothing remains. A password in a URL (`://user:password@`) is replaced even if nobody said
//! that it is one.
//!
//! A secret shorter than four characters is not looked for: `a` or `42` stands in half of all lines, and replacing it
//! would make the logs unreadable while the stars' places spelled the secret out. In a URL it is replaced all the same.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, MatchKind};

use crate::domain::failure::Failure;
use forms::forms_of;

mod forms;

/// What stands where a secret stood.
const MASK: &str = "***";

/// Takes secrets out of text. A clone knows the same secrets, also those that come later.
#[derive(Clone, Default)]
pub struct Masker(Arc<RwLock<Secrets>>);

#[derive(Default)]
struct Secrets {
    /// Finds every form of every secret; `None` if there are none.
    finder: Option<AhoCorasick>,
    forms: usize,
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masker").finish_non_exhaustive()
    }
}

impl Masker {
    /// A masker that knows these secrets.
    pub fn new(secrets: Vec<String>) -> Self {
        let masker = Self::default();
        masker.replace_secrets(secrets);
        masker
    }

    /// Forgets the secrets and learns these, as after a reload of the configuration.
    #[expect(clippy::missing_panics_doc, reason = "a finder of plain strings fails only past 2 GB of them")]
    #[expect(clippy::needless_pass_by_value, reason = "whoever hands secrets over should not keep them")]
    pub fn replace_secrets(&self, secrets: Vec<String>) {
        let forms: BTreeSet<String> = secrets.iter().flat_map(|secret| forms_of(secret)).collect();
        let finder = (!forms.is_empty()).then(|| {
            let builder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&forms);
            builder.expect("secrets are far smaller than what a finder can hold")
        });
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Secrets { finder, forms: forms.len() };
    }

    /// The text without secrets.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let known = self.known(text);
        match mask_urls(&known) {
            Some(masked) => Cow::Owned(masked),
            None => known,
        }
    }

    /// The failure without secrets.
    #[must_use]
    pub fn failure(&self, mut failure: Failure) -> Failure {
        let mask = |text: &mut String| {
            if let Cow::Owned(masked) = self.text(text) {
                *text = masked;
            }
        };
        mask(&mut failure.message);
        failure.excerpt.as_mut().map(mask);
        failure.hint.as_mut().map(mask);
        failure
    }

    /// A writer that masks what is written through it. What is written is held until it is flushed or the writer is
    /// dropped, because a secret may come in two writes; so make one for each line or block, and drop it.
    pub fn writer<W: Write>(&self, inner: W) -> Masked<W> {
        Masked { inner, masker: self.clone(), held: Vec::new() }
    }

    fn known<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let secrets = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match &secrets.finder {
            Some(finder) if finder.is_match(text) => Cow::Owned(finder.replace_all(text, &vec![MASK; secrets.forms])),
            _ => Cow::Borrowed(text),
        }
    }
}

/// The text with the password of each URL replaced; `None` if there is none.
fn mask_urls(text: &str) -> Option<String> {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        masked.push_str(before);
        rest = after;
        if let Some((start, end)) = password_in(after) {
            masked.push_str(&after[..start]);
            masked.push_str(MASK);
            rest = &after[end..];
        }
    }
    masked.push_str(rest);
    (masked != text).then_some(masked)
}

/// Where the password stands in what follows `://`.
///
/// Properly encoded, it ends at the last `@` before the first slash. People also write a slash into a password; then
/// it goes on to the last `@` of the word, unless what follows the colon is a port.
fn password_in(text: &str) -> Option<(usize, usize)> {
    let word = &text
        [..text.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`')).unwrap_or(text.len())];
    let authority = &word[..word.find(['/', '?', '#']).unwrap_or(word.len())];
    let colon = authority.find(':')?;
    let end = authority.rfind('@').or_else(|| {
        let port = &authority[colon + 1..];
        if port.bytes().all(|byte| byte.is_ascii_digit()) { None } else { word.rfind('@') }
    })?;
    (colon < end).then_some((colon + 1, end))
}

/// A writer that masks what is written through it. See [`Masker::writer`].
#[derive(Debug)]
pub struct Masked<W: Write> {
    inner: W,
    masker: Masker,
    held: Vec<u8>,
}

impl<W: Write> Masked<W> {
    fn release(&mut self) -> io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let held = std::mem::take(&mut self.held);
        self.inner.write_all(self.masker.text(&String::from_utf8_lossy(&held)).as_bytes())
    }
}

impl<W: Write> Write for Masked<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.release()?;
        self.inner.flush()
    }
}

impl<W: Write> Drop for Masked<W> {
    fn drop(&mut self) {
        // A log that can't be written has nobody left to tell.
        drop(self.release());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::Code;
    use crate::domain::failure::Side;
    use proptest::prelude::*;

    fn masker(secrets: &[&str]) -> Masker {
        Masker::new(secrets.iter().map(|&secret| secret.to_owned()).collect())
    }

    #[test]
    fn a_known_secret_is_masked_in_every_form_it_travels_in() {
        let masker = masker(&["p@ss/wo\"rd\n"]);
        for form in ["p@ss/wo\"rd", "p%40ss%2Fwo%22rd", "p%40ss%2fwo%22rd", r#"p@ss/wo\"rd"#] {
            assert_eq!(masker.text(&format!("a {form} b")), "a *** b");
        }
    }

    #[test]
    fn a_secret_is_masked_in_a_form_too() {
        assert_eq!(masker(&["a b*~/c"]).text("x?k=a+b*%7E%2Fc&l=1"), "x?k=***&l=1");
        assert_eq!(masker(&["a b*~/\"열"]).text("x?k=a%20b*~/%22%EC%97%B4&l=1"), "x?k=***&l=1");
    }

    #[test]
    fn the_longest_secret_wins() {
        assert_eq!(masker(&["secret", "secret-and-more"]).text("x=secret-and-more, y=secret"), "x=***, y=***");
    }

    #[test]
    fn a_short_secret_stays_in_text_but_not_in_a_url() {
        let masker = masker(&["abc", ""]);
        assert_eq!(masker.text("alphabet abc"), "alphabet abc");
        assert_eq!(masker.text("postgres://u:abc@h/d"), "postgres://u:***@h/d");
    }

    #[test]
    fn passwords_in_urls_are_masked_and_nothing_else() {
        for (text, masked) in [
            ("at postgres://u:geheim@h:5432/d?x=1 now", "at postgres://u:***@h:5432/d?x=1 now"),
            ("https://:tok@h", "https://:***@h"),
            ("\"postgres://u:p@ss@h/d\",", "\"postgres://u:***@h/d\","),
            ("postgres://u:a/b@h/d", "postgres://u:***@h/d"),
            ("a://u:p@h b://v:q@i", "a://u:***@h b://v:***@i"),
            ("https://h:443/@scope/name", "https://h:443/@scope/name"),
            ("https://user@h/path:x", "https://user@h/path:x"),
            ("no :// url at all: x@y", "no :// url at all: x@y"),
        ] {
            assert_eq!(masker(&[]).text(text), masked);
        }
    }

    #[test]
    fn a_failure_is_masked_in_message_and_hint() {
        let failure = Failure::permanent(Code::PostgresLogin, Side::Source, "user:hunter22").with_hint("not hunter22");
        let masked = masker(&["hunter22"]).failure(failure);
        assert_eq!((masked.message.as_str(), masked.hint.as_deref()), ("user:***", Some("not ***")));
    }

    #[test]
    fn a_secret_written_in_two_pieces_is_masked_and_later_secrets_count() {
        let masker = masker(&[]);
        let mut written = Vec::new();
        let mut writer = masker.writer(&mut written);
        masker.replace_secrets(vec!["hunter22".to_owned()]);
        writer.write_all(b"is hunt").unwrap();
        writer.write_all(b"er22\n").unwrap();
        drop(writer);
        assert_eq!(written, b"is ***\n");
    }

    proptest! {
        #[test]
        fn no_secret_survives(secrets in prop::collection::vec("[ -~]{4,12}", 1..5), around in "[ -~]{0,20}", at in 0usize..5) {
            let secret = &secrets[at % secrets.len()];
            prop_assume!(!MASK.contains(secret.as_str()) && secret.trim_matches('*') == secret);
            let masker = Masker::new(secrets.clone());
            let masked = masker.text(&format!("{around}{secret}{around}")).into_owned();
            prop_assert!(!masked.replace(MASK, "\n").contains(secret.as_str()), "{masked}");
        }
    }
}
