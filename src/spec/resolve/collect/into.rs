use crate::domain::step::{ColumnType, Into, LoadColumns, LoadMode};
use crate::spec::problems::At;
use crate::spec::raw::{RawInto, RawLoadColumns};
use crate::spec::resolve::resolver::Resolver;

impl Resolver<'_, '_> {
    pub(super) fn into(&mut self, raw: &RawInto, at: At<'_>) -> Option<Into> {
        let connection = self.connection(raw.connection.as_ref(), at, None);
        let table = self.table(raw.table.as_ref(), at);
        let mode = raw.mode.unwrap_or(LoadMode::Replace);
        let key = self.columns(raw.key.as_ref(), at, "key");
        if mode == LoadMode::Upsert && key.is_empty() {
            let hint = "add `key: [column, …]`: the columns that tell rows apart";
            self.wrong(at.key("mode"), "`mode: upsert` needs a `key`", hint);
        } else if mode != LoadMode::Upsert && raw.key.is_some() {
            self.wrong_span(at.key("key").key_span(), "`key` is for `mode: upsert` only", "");
        }
        let columns = raw.columns.as_ref().map_or(&[][..], |columns| &columns.0);
        for (index, (name, sql_type)) in columns.iter().enumerate() {
            if name.is_empty() || sql_type.trim().is_empty() {
                self.wrong(at.key("columns").nth(index), "a column needs a name and a type", "");
            }
        }
        let columns =
            columns.iter().map(|(name, sql_type)| ColumnType { name: name.clone(), sql_type: sql_type.clone() });
        let columns = columns.collect();
        let new_columns = raw.new_columns.unwrap_or_default();
        let load_columns = raw.load_columns.as_ref().map(|raw| self.load_columns(raw, at.key("load_columns")));
        let load_columns = load_columns.unwrap_or_default();
        Some(Into { connection: connection?, table: table?, mode, key, columns, new_columns, load_columns })
    }

    fn load_columns(&mut self, raw: &RawLoadColumns, at: At<'_>) -> LoadColumns {
        for (key, name) in [("load_id", &raw.load_id), ("loaded_at", &raw.loaded_at)] {
            if name.as_ref().is_some_and(String::is_empty) {
                self.wrong(at.key(key), "a column's name must not be empty", "");
            }
        }
        if raw.load_id.is_some() && raw.load_id == raw.loaded_at {
            self.wrong(at.key("loaded_at"), "both load columns have the same name", "");
        }
        LoadColumns { load_id: raw.load_id.clone(), loaded_at: raw.loaded_at.clone() }
    }
}
