use crate::domain::charset::charset_named;
use crate::domain::step::Csv;
use crate::spec::problems::At;
use crate::spec::raw::{OneOrMany, RawCsv, Scalar};
use crate::spec::resolve::resolver::Resolver;

impl Resolver<'_, '_> {
    pub(super) fn csv(&mut self, raw: &RawCsv, at: At<'_>) -> Csv {
        let default = Csv::default();
        let header = raw.header.unwrap_or(true);
        let names = self.columns(raw.names.as_ref(), at, "names");
        if header && raw.names.is_some() {
            self.wrong_span(at.key("names").key_span(), "`names` is for `header: false` only", "");
        } else if !header && names.is_empty() {
            let hint = "add `names: [column, …]`: what the columns are called";
            self.wrong(at.key("header"), "`header: false` needs `names`", hint);
        }
        if let Some(encoding) = raw.encoding.as_ref().filter(|name| charset_named(name).is_none()) {
            let hint = "for example cp949, euc-kr, shift_jis, gbk, windows-1252, utf-16le";
            self.wrong(at.key("encoding"), format!("the encoding `{encoding}` is not known"), hint);
        }
        let nulls = match &raw.nulls {
            Some(OneOrMany::One(Scalar(text))) => vec![text.clone()],
            Some(OneOrMany::Many(all)) => all.iter().map(|Scalar(text)| text.clone()).collect(),
            None => default.nulls,
        };
        Csv {
            delimiter: raw.delimiter.as_ref().and_then(|text| self.character(text, at, "delimiter")),
            quote: match &raw.quote {
                Some(text) if text.is_empty() => None,
                Some(text) => self.character(text, at, "quote"),
                None => default.quote,
            },
            escape: raw.escape.as_ref().and_then(|text| self.character(text, at, "escape")),
            header,
            names,
            nulls,
            encoding: raw.encoding.clone(),
            skip_rows: raw.skip_rows.unwrap_or(0),
        }
    }

    /// A single character of one byte, which is what DuckDB's reader knows.
    fn character(&mut self, text: &str, at: At<'_>, key: &str) -> Option<char> {
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(one), None) if one.is_ascii() && !matches!(one, '\n' | '\r' | '\0') => Some(one),
            _ => {
                self.wrong(at.key(key), format!("`{key}` must be one character of ASCII"), "a tab is `\"\\t\"`");
                None
            }
        }
    }
}
