use crate::domain::step::{Expect, Fresh};
use crate::spec::problems::At;
use crate::spec::raw::{RawExpect, RawFresh, Scalar};
use crate::spec::resolve::resolver::Resolver;

impl Resolver<'_, '_> {
    pub(super) fn expect(&mut self, raw: &RawExpect, at: At<'_>) -> Expect {
        let rows = at.key("rows");
        let drop = raw.rows.as_ref().and_then(|rows| rows.drop_at_most.as_ref());
        Expect {
            rows: raw.rows.as_ref().map(|raw| self.rows(raw, rows)),
            drop_at_most: drop.and_then(|given| self.percent(given, rows.key("drop_at_most"))),
            columns: self.columns(raw.columns.as_ref(), at, "columns"),
            not_null: self.columns(raw.not_null.as_ref(), at, "not_null"),
            unique: self.columns(raw.unique.as_ref(), at, "unique"),
            json: self.json_values(raw, at.key("json")),
            fresh: raw.fresh.as_ref().and_then(|raw| self.fresh(raw, at.key("fresh"))),
        }
    }

    fn fresh(&mut self, raw: &RawFresh, at: At<'_>) -> Option<Fresh> {
        let within = self.positive(raw.within.as_ref(), at, "within");
        Some(Fresh { column: raw.column.clone()?, within: within? })
    }

    /// A whole percentage, from 0 to 100.
    fn percent(&mut self, Scalar(text): &Scalar, at: At<'_>) -> Option<u8> {
        let percent = text.strip_suffix('%').and_then(|number| number.trim_end().parse().ok());
        let percent = percent.filter(|percent: &u8| *percent <= 100);
        if percent.is_none() {
            self.wrong(at, format!("`{text}` is not a percentage"), "a whole one from 0 to 100: `50%`");
        }
        percent
    }

    /// Values by JSON pointer.
    fn json_values(&mut self, raw: &RawExpect, at: At<'_>) -> Vec<(String, serde_json::Value)> {
        let pairs = raw.json.as_ref().map_or(&[][..], |pairs| &pairs.0);
        for (index, (pointer, _)) in pairs.iter().enumerate() {
            self.pointer(pointer, at.nth(index));
        }
        pairs.iter().map(|(pointer, value)| (pointer.clone(), value.0.clone())).collect()
    }
}
