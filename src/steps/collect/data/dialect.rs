//! How CSV is written, settled for the reader.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use crate::domain::step::Csv;
use crate::duckdb::literal;

/// How much of a first line is looked at for its delimiter.
const LONGEST_HEADER: u64 = 1024 * 1024;

/// How CSV is written.
#[derive(Clone, Debug)]
pub(super) struct Dialect {
    delimiter: char,
    quote: Option<char>,
    escape: Option<char>,
    header: bool,
    names: Vec<String>,
    null: Vec<String>,
    /// Whether a text in quotes can stand for a missing value.
    quoted_null: bool,
    skip: u32,
    /// Columns of the first line.
    width: usize,
}

impl Dialect {
    /// As declared, else as the first lines of the first file show it.
    pub(super) fn of(csv: &Csv, first: Option<&Path>) -> Self {
        let line = first.map(|path| line(path, csv.skip_rows)).unwrap_or_default();
        let delimiter = csv.delimiter.unwrap_or_else(|| likely(&line, csv.quote));
        let width = if csv.header { 1 + count(&line, delimiter, csv.quote) } else { csv.names.len() };
        Self {
            delimiter,
            quote: csv.quote,
            escape: csv.escape.or(csv.quote),
            header: csv.header,
            names: csv.names.clone(),
            null: if csv.nulls.is_empty() { vec![String::new()] } else { csv.nulls.clone() },
            quoted_null: true,
            skip: csv.skip_rows,
            width,
        }
    }

    /// What DuckDB writes and reads again without loss: a missing value is told from every text.
    pub(super) fn plain() -> Self {
        Self { null: vec![NULL.to_owned()], quoted_null: false, delimiter: ',', ..Self::of(&Csv::default(), None) }
    }

    /// The same for another file, whose first line may be wider.
    pub(super) fn for_file(&self, path: &Path) -> Self {
        let width = 1 + count(&line(path, self.skip), self.delimiter, self.quote);
        Self { width: if self.header { width } else { self.width }, ..self.clone() }
    }

    /// Whether files have the same columns in the same order, as far as their first lines say.
    pub(super) fn same_columns(&self, files: &[&Path]) -> bool {
        let [first, others @ ..] = files else { return false };
        if others.is_empty() {
            return true;
        }
        let header = line(first, self.skip);
        // A header may go on in the next line, and what isn't read to its end isn't known.
        let is_quote = |byte: &u8| self.quote.is_some_and(|quote| u32::from(quote) == u32::from(*byte));
        let is_whole = header.ends_with(b"\n") && !header.iter().any(is_quote);
        self.header && is_whole && others.iter().all(|other| line(other, self.skip) == header)
    }

    /// How the reader is told.
    pub(super) fn options(&self) -> String {
        let text = |character: Option<char>| literal(&character.map_or_else(String::new, String::from));
        let null = self.null.iter().map(|text| literal(text)).collect::<Vec<_>>().join(", ");
        format!(
            "header = {}, delim = {}, quote = {}, escape = {}, nullstr = [{null}], allow_quoted_nulls = {}, skip = {}, \
             comment = '', strict_mode = true, null_padding = false",
            self.header,
            text(Some(self.delimiter)),
            text(self.quote),
            text(self.escape),
            self.quoted_null,
            self.skip
        )
    }

    /// What is added where the reader infers columns; empty where it reads their names.
    pub(super) fn names(&self) -> String {
        if self.names.is_empty() {
            return String::new();
        }
        format!(", names = [{}]", self.names.iter().map(|name| literal(name)).collect::<Vec<_>>().join(", "))
    }

    /// The names, where they are declared.
    pub(super) fn declared(&self) -> &[String] {
        &self.names
    }

    /// The same, with the header taken for a row.
    pub(super) fn without_header(&self) -> Self {
        Self { header: false, ..self.clone() }
    }

    /// How many columns there are, as the first line shows.
    pub(super) const fn width(&self) -> usize {
        self.width
    }
}

/// What stands for a missing value in what we write ourselves.
const NULL: &str = "\\N";

/// How DuckDB writes what `Dialect::plain` reads.
pub(super) fn written() -> String {
    format!("format csv, header true, delimiter ',', quote '\"', escape '\"', nullstr {}", literal(NULL))
}

/// The first line behind those that are left out.
fn line(path: &Path, skip: u32) -> Vec<u8> {
    let mut line = Vec::new();
    // A file that can't be read fails in the reader, which says why.
    if let Ok(file) = File::open(path) {
        let mut file = BufReader::new(file.take(LONGEST_HEADER));
        for _ in 0..=skip {
            line.clear();
            file.read_until(b'\n', &mut line).ok();
        }
    }
    line
}

/// How often a character stands in a line outside quotes.
fn count(line: &[u8], character: char, quote: Option<char>) -> usize {
    let mut quoted = false;
    let is = |byte: u8, character: Option<char>| character.is_some_and(|one| u32::from(byte) == u32::from(one));
    let counts = |byte: &&u8| {
        quoted ^= is(**byte, quote);
        !quoted && is(**byte, Some(character))
    };
    line.iter().filter(counts).count()
}

fn likely(line: &[u8], quote: Option<char>) -> char {
    // The last of equals: a comma is what CSV says.
    let candidates = ['|', '\t', ';', ','];
    candidates.into_iter().max_by_key(|candidate| count(line, *candidate, quote)).unwrap_or(',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_shows_the_delimiter() {
        let dialect_of = |line: &[u8]| {
            let delimiter = likely(line, Some('"'));
            (delimiter, 1 + count(line, delimiter, Some('"')))
        };
        assert_eq!(dialect_of("종목,가격,\"a;b;c;d\"\n".as_bytes()), (',', 3));
        assert_eq!(dialect_of(b"a;b\n"), (';', 2));
        assert_eq!(dialect_of(b"a\tb,c\td\n"), ('\t', 3));
        assert_eq!(dialect_of(b"only\n"), (',', 1));
    }
}
