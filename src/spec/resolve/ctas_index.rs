use crate::domain::step::{CtasIndex, IndexKey};
use crate::spec::problems::At;
use crate::spec::raw::RawIndex;

use super::resolver::Resolver;

impl Resolver<'_, '_> {
    /// The indexes of the table that a `parallel_ctas` step makes.
    pub(super) fn indexes(&mut self, raw: Option<&Vec<RawIndex>>, at: At<'_>) -> Vec<CtasIndex> {
        let indexes: Vec<CtasIndex> =
            raw.into_iter().flatten().enumerate().filter_map(|(place, raw)| self.index(raw, at.item(place))).collect();
        if indexes.iter().filter(|index| index.primary_key).count() > 1 {
            self.wrong(at, "a table has one primary key at most", "");
        }
        indexes
    }

    fn index(&mut self, raw: &RawIndex, at: At<'_>) -> Option<CtasIndex> {
        let primary_key = raw.primary_key.unwrap_or(false);
        if let Some(name) = raw.name.as_ref().filter(|name| name.is_empty() || name.len() > 63) {
            self.wrong(at.key("name"), format!("`{name}` can't be a name: it needs 1 to 63 bytes"), "");
        }
        if primary_key {
            let others = [("on", raw.on.is_some()), ("where", raw.r#where.is_some()), ("method", raw.method.is_some())];
            for (key, _) in others.iter().filter(|(_, there)| *there) {
                let message = format!("`{key}` can't stand with `primary_key`");
                self.wrong_span(at.key(key).key_span(), message, "a primary key has `columns`");
            }
        }
        let given = [("columns", raw.columns.is_some()), ("on", raw.on.is_some())];
        let on = if self.one_of(at, &given)? == "columns" {
            let columns = self.columns(raw.columns.as_ref(), at, "columns");
            if columns.is_empty() {
                self.wrong(at.key("columns"), "`columns` is empty", "");
            }
            IndexKey::Columns(columns)
        } else {
            IndexKey::Sql(self.sql(raw.on.as_ref()?, at.key("on")))
        };
        Some(CtasIndex {
            name: raw.name.clone(),
            on,
            unique: raw.unique.unwrap_or(false),
            primary_key,
            method: raw.method.clone(),
            include: self.columns(raw.include.as_ref(), at, "include"),
            condition: raw.r#where.as_ref().map(|condition| self.sql(condition, at.key("where"))),
        })
    }
}
