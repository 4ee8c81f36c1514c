//! Takes an SQL text apart into statements, as PostgreSQL's `psql` does, and knows which of them end a transaction.
//!
//! Only as much is read as is needed to find the semicolons between statements: quotes, dollar quotes, comments and the
//! bodies of SQL functions (`begin atomic … end`). The server alone decides whether a statement is right.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};

/// How much of a statement an error or the log shows.
const SHOWN: usize = 60;

/// One statement of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::steps) struct Statement<'a> {
    /// The statement, from its first word, without its semicolon.
    pub(in crate::steps) text: &'a str,
    /// The line of its first word, from one.
    pub(super) line: usize,
    /// Whether it would begin or end a transaction.
    pub(super) transaction_control: bool,
}

impl Statement<'_> {
    /// The statement's beginning, on one line.
    pub(super) fn shown(&self) -> String {
        let line = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }
}

/// Refuses statements that a step can't run in its one transaction, and a text without any.
pub(super) fn check(statements: &[Statement<'_>], code: Code) -> Result<(), Failure> {
    if statements.is_empty() {
        let failure = Failure::permanent(code, Side::Internal, "there is no statement to run");
        return Err(failure.with_hint("the statement is empty or holds comments only"));
    }
    let Some(found) = statements.iter().find(|statement| statement.transaction_control) else { return Ok(()) };
    let message = format!("line {}: `{}` would begin or end a transaction", found.line, found.shown());
    Err(Failure::permanent(code, Side::Internal, message)
        .with_hint("leave it out: the step runs all of its statements in one transaction and commits it at the end"))
}

/// The failure of a step whose last statement had another number of rows than was expected.
pub(super) fn unexpected(complaint: &str) -> Failure {
    let message = format!("{complaint} (rows of the last statement); everything is rolled back");
    Failure::expectation(Side::Target, message)
}

/// The statements of a text, in order.
pub(in crate::steps) fn split(text: &str) -> Vec<Statement<'_>> {
    let mut statements = Vec::new();
    let mut reader = Reader { text, at: 0 };
    while let Some(statement) = reader.statement() {
        statements.push(statement);
    }
    statements
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The next statement that has any word.
    fn statement(&mut self) -> Option<Statement<'a>> {
        let mut start = None;
        let mut words: Vec<String> = Vec::new();
        // How deep in `begin atomic … end`, where semicolons belong to the body; `case … end` counts inside only.
        let mut depth = 0_usize;
        let mut parentheses = 0_usize;
        while let Some(character) = self.rest().chars().next() {
            if character.is_whitespace() {
                self.at += character.len_utf8();
                continue;
            }
            if let Some(end) = comment_end(self.rest()) {
                self.at += end;
                continue;
            }
            if character == ';' && depth == 0 && parentheses == 0 {
                let end = self.at;
                self.at += 1;
                if let Some(start) = start {
                    return Some(self.made(start, end, &words));
                }
                continue;
            }
            start.get_or_insert(self.at);
            if let Some(length) = quoted_end(self.rest()) {
                self.at += length;
                continue;
            }
            match character {
                '(' => parentheses += 1,
                ')' => parentheses = parentheses.saturating_sub(1),
                _ if is_word_start(character) => {
                    let length = self.rest().find(|c| !is_word_part(c)).unwrap_or_else(|| self.rest().len());
                    let word = self.rest()[..length].to_lowercase();
                    self.at += length;
                    match word.as_str() {
                        "atomic" if words.first().is_some_and(|first| first == "create") => depth += 1,
                        "case" if depth > 0 => depth += 1,
                        "end" if depth > 0 => depth -= 1,
                        _ => {}
                    }
                    if words.len() < 8 {
                        words.push(word);
                    }
                    continue;
                }
                _ => {}
            }
            self.at += character.len_utf8();
        }
        start.map(|start| self.made(start, self.text.len(), &words))
    }

    fn made(&self, start: usize, end: usize, words: &[String]) -> Statement<'a> {
        Statement {
            text: self.text[start..end].trim_end(),
            line: self.text[..start].matches('\n').count() + 1,
            transaction_control: controls_transaction(words),
        }
    }
}

/// Whether a statement of these first words begins or ends a transaction. Savepoints stay within one.
fn controls_transaction(words: &[String]) -> bool {
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    match word(0) {
        "begin" | "commit" | "end" | "abort" => true,
        "start" | "prepare" => word(1) == "transaction",
        "rollback" => !words.iter().any(|word| word == "to"),
        _ => false,
    }
}

/// The length of the comment that the text starts with. Block comments nest.
fn comment_end(text: &str) -> Option<usize> {
    if text.starts_with("--") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if !text.starts_with("/*") {
        return None;
    }
    let (mut at, mut depth) = (2, 1_usize);
    while depth > 0 {
        let rest = &text[at..];
        let Some(found) = rest.find(['/', '*']) else { return Some(text.len()) };
        match &rest.as_bytes()[found..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + found + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + found + 2),
            _ => at += found + 1,
        }
    }
    Some(at)
}

/// The length of the string, quoted name or dollar-quoted text that the text starts with.
fn quoted_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    match bytes {
        [b'\'', ..] => Some(plain_end(text, 1, b'\'', false)),
        [b'"', ..] => Some(plain_end(text, 1, b'"', false)),
        [b'e' | b'E', b'\'', ..] => Some(plain_end(text, 2, b'\'', true)),
        [b'$', ..] => {
            let tag_length = text[1..].find(|c| !is_word_part(c) || c == '$').map(|length| length + 1)?;
            let tag = text.get(..=tag_length)?;
            if !tag.ends_with('$') || tag[1..].starts_with(|c: char| c.is_ascii_digit()) {
                return None;
            }
            let body = &text[tag.len()..];
            Some(body.find(tag).map_or(text.len(), |end| tag.len() + end + tag.len()))
        }
        _ => None,
    }
}

/// The end of a quotation whose content starts at `from`. A doubled quote reads as an end and a new start.
fn plain_end(text: &str, from: usize, quote: u8, backslashes: bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        if backslashes && bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at] == quote && !(backslashes && bytes.get(at + 1) == Some(&quote)) {
            return at + 1;
        } else {
            at += if bytes[at] == quote { 2 } else { 1 };
        }
    }
    text.len()
}

fn is_word_start(character: char) -> bool {
    character.is_alphabetic() || character == '_' || !character.is_ascii()
}

fn is_word_part(character: char) -> bool {
    is_word_start(character) || character.is_ascii_digit() || character == '$'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(text: &str) -> Vec<&str> {
        split(text).iter().map(|statement| statement.text).collect()
    }

    #[test]
    fn only_semicolons_between_statements_part_them() {
        assert_eq!(texts("select 1; select 2;"), ["select 1", "select 2"]);
        assert_eq!(texts(" ; -- nothing; here\n /* a; /* b; */ c; */ ;"), [""; 0]);
        assert_eq!(
            texts("select ';', \";\", E'\\';', $$;$$, $ㄱ$;$$;$ㄱ$; x"),
            ["select ';', \";\", E'\\';', $$;$$, $ㄱ$;$$;$ㄱ$", "x"]
        );
        assert_eq!(texts("select 'it''s; one'; select $1; b"), ["select 'it''s; one'", "select $1", "b"]);
        assert_eq!(texts("create rule r as on insert to t do (select 1; select 2); x").len(), 2);
    }

    #[test]
    fn the_body_of_an_sql_function_stays_whole() {
        let text = "create or replace function f() returns int begin atomic select case when true then 1 end; \
                    select 2; end; select 3";
        assert_eq!(split(text).len(), 2);
        assert!(!split(text)[0].transaction_control);
    }

    #[test]
    fn statements_know_their_line_and_what_they_would_end() {
        let found = split("-- first\ninsert into t values (1);\n\n  COMMIT;rollback to savepoint a; ROLLBACK");
        let told: Vec<_> = found.iter().map(|one| (one.line, one.transaction_control)).collect();
        assert_eq!(told, [(2, false), (4, true), (4, false), (4, true)]);
        assert!(split("start transaction read only")[0].transaction_control);
        assert!(split("prepare transaction 'x'")[0].transaction_control);
        assert!(!split("prepare p as select 1")[0].transaction_control);
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in "[a-z';\"$/*\\-\\\\가()E\n ]{0,60}") {
            let found = split(&text);
            for statement in found {
                prop_assert!(text.contains(statement.text));
            }
        }
    }
}
