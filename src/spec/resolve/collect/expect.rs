use crate::domain::step::Expect;
use crate::spec::problems::At;
use crate::spec::raw::RawExpect;
use crate::spec::resolve::resolver::Resolver;

impl Resolver<'_, '_> {
    pub(super) fn expect(&mut self, raw: &RawExpect, at: At<'_>) -> Expect {
        self.refuse(raw.fresh.as_ref(), at, "fresh");
        Expect {
            rows: raw.rows.as_ref().map(|rows| self.rows(rows, at.key("rows"))),
            columns: self.columns(raw.columns.as_ref(), at, "columns"),
            not_null: self.columns(raw.not_null.as_ref(), at, "not_null"),
            unique: self.columns(raw.unique.as_ref(), at, "unique"),
            json: self.json_values(raw, at.key("json")),
        }
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
