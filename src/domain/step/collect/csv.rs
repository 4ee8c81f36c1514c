use encoding_rs::Encoding;
use serde::{Deserialize, Serialize};

use crate::domain::charset::charset_named;

/// How CSV is written. The default is what CSV says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Csv {
    /// What stands between two fields; `None`: as the first line shows it.
    pub delimiter: Option<char>,
    /// What stands around a field; `None`: nothing does.
    pub quote: Option<char>,
    /// What stands before a quote within a field; `None`: another quote.
    pub escape: Option<char>,
    /// Whether the first line has the columns' names.
    pub header: bool,
    /// The columns' names where there is no header.
    pub names: Vec<String>,
    /// What stands for a missing value; an empty field if empty.
    pub nulls: Vec<String>,
    /// The encoding where it isn't UTF-8, as `charset_named` knows it.
    pub encoding: Option<String>,
    /// Lines before the header.
    pub skip_rows: u32,
}

impl Default for Csv {
    fn default() -> Self {
        Self {
            delimiter: None,
            quote: Some('"'),
            escape: None,
            header: true,
            names: Vec::new(),
            nulls: Vec::new(),
            encoding: None,
            skip_rows: 0,
        }
    }
}

impl Csv {
    /// The encoding that the text must be brought out of; none where it is UTF-8 already.
    pub fn charset(&self) -> Option<&'static Encoding> {
        charset_named(self.encoding.as_deref()?).filter(|encoding| *encoding != encoding_rs::UTF_8)
    }
}

/// What becomes of rows that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRows {
    /// How many are put aside at most; with one more the load fails.
    pub limit: u64,
    /// The table that they are put into, beside the target; `None`: the target's name with `_rejects`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_8_needs_nothing() {
        assert_eq!(Csv { encoding: Some("utf-8".into()), ..Csv::default() }.charset(), None);
    }
}
