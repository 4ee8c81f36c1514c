use crate::domain::ids::TableName;
use crate::domain::step::{CopyRead, CopySource, CopyStep, CopySwap, CopyTarget, LoadMode};
use crate::domain::template::Text;
use crate::spec::known::ConnectionKind;
use crate::spec::problems::At;
use crate::spec::raw::{OneOrMany, RawCopy, RawCopyFrom, RawCopyTo};

use super::names::Names;
use super::resolver::Resolver;

/// Table or query as several raw structs have it.
pub(super) struct Source<'r> {
    /// The table.
    pub(super) table: Option<&'r String>,
    /// The query.
    pub(super) query: Option<&'r String>,
    /// Condition on the table's rows.
    pub(super) condition: Option<&'r String>,
    /// Columns of the table.
    pub(super) columns: Option<&'r Vec<String>>,
}

impl Resolver<'_, '_> {
    /// A `copy_to_staging` step.
    pub(super) fn copy(&mut self, raw: &RawCopy, at: At<'_>) -> Option<CopyStep> {
        let (mode, swap) = (raw.mode.unwrap_or_default(), raw.swap.unwrap_or_default());
        let key = self.columns(raw.key.as_ref(), at, "key");
        self.fits_mode(raw, mode, at);
        let streams = raw.streams.unwrap_or(1);
        if raw.split_by.is_some() && streams == 1 {
            self.wrong_span(at.key("split_by").key_span(), "`split_by` needs `streams` of at least 2", "");
        }
        let read = raw.from.as_ref().and_then(|from| {
            let at = at.key("from");
            let connection = self.connection(from.connection.as_ref(), at, Some(ConnectionKind::Postgres));
            let source = self.copy_read(from, at);
            Some((connection?, source?))
        });
        let written = raw.to.as_ref().and_then(|to| {
            let connection = self.connection(to.connection.as_ref(), at.key("to"), Some(ConnectionKind::Postgres));
            let target = self.copy_target(to, raw.from.as_ref(), at.key("to"));
            Some((connection?, target?))
        });
        let ((from, source), (to, target)) = (read?, written?);
        if let (CopyRead::One(CopySource::Table { table: read, .. }), CopyTarget::Table(written)) = (&source, &target)
            && from == to
            && read == written
        {
            self.wrong(at.key("to").key("table"), "the staging table is the table that is read", "");
        }
        Some(CopyStep {
            from,
            source,
            to,
            target,
            mode,
            key,
            swap,
            streams,
            split_by: raw.split_by.clone(),
            unlogged: raw.unlogged.unwrap_or(false),
            verify: raw.verify.unwrap_or_default(),
        })
    }

    /// Keys that go with some modes only.
    fn fits_mode(&mut self, raw: &RawCopy, mode: LoadMode, at: At<'_>) {
        match (&raw.key, mode) {
            (None, LoadMode::Upsert) => {
                let hint = "name the columns that tell rows apart: `key: [id]`";
                self.wrong(at.key("mode"), "`mode: upsert` needs `key`", hint);
            }
            (Some(key), LoadMode::Upsert) if key.is_empty() => self.wrong(at.key("key"), "`key` is empty", ""),
            (Some(_), LoadMode::Replace | LoadMode::Append) => {
                self.wrong_span(at.key("key").key_span(), "`key` goes with `mode: upsert`", "");
            }
            _ => {}
        }
        if raw.swap.is_some() && mode != LoadMode::Replace {
            let hint = "delete it: rows are added to the table that is there";
            self.wrong_span(at.key("swap").key_span(), "`swap` goes with `mode: replace`", hint);
        }
        if raw.unlogged == Some(true) && (mode != LoadMode::Replace || raw.swap == Some(CopySwap::InPlace)) {
            let hint = "delete it: the table that is there stays what it is";
            self.wrong_span(at.key("unlogged").key_span(), "`unlogged` goes with a table that is replaced", hint);
        }
    }

    /// Where the rows go.
    fn copy_target(&mut self, raw: &RawCopyTo, from: Option<&RawCopyFrom>, at: At<'_>) -> Option<CopyTarget> {
        let one = self.one_of(at, &[("table", raw.table.is_some()), ("schema", raw.schema.is_some())])?;
        if one == "table" {
            if from.is_some_and(|from| from.tables.is_some()) {
                let hint = "write `schema`: the staging tables have the names of those that are read";
                self.wrong_span(at.key("table").key_span(), "several `tables` can't go into one `table`", hint);
            }
            return Some(CopyTarget::Table(self.table(raw.table.as_ref(), at)?));
        }
        let schema = raw.schema.as_ref()?;
        if from.is_some_and(|from| from.query.is_some()) {
            let message = "`schema` needs a table's name, which a `query` doesn't have";
            self.wrong_span(at.key("schema").key_span(), message, "write `table`");
        }
        if schema.is_empty() {
            self.wrong(at.key("schema"), "a schema's name must not be empty", "");
        }
        Some(CopyTarget::Schema(self.text(schema, at.key("schema"), &Names::STEP)))
    }

    /// What is read: one table or query, or several tables.
    fn copy_read(&mut self, raw: &RawCopyFrom, at: At<'_>) -> Option<CopyRead> {
        let given = [("table", raw.table.is_some()), ("tables", raw.tables.is_some()), ("query", raw.query.is_some())];
        self.one_of(at, &given)?;
        let Some(tables) = &raw.tables else {
            let source = Source {
                table: raw.table.as_ref(),
                query: raw.query.as_ref(),
                condition: raw.r#where.as_ref(),
                columns: raw.columns.as_ref(),
            };
            return self.copy_source(&source, at).map(CopyRead::One);
        };
        for (key, there) in [("where", raw.r#where.is_some()), ("columns", raw.columns.is_some())] {
            if there {
                let message = format!("`{key}` goes with one `table`, not with `tables`");
                self.wrong_span(at.key(key).key_span(), message, "copy that table in a step of its own");
            }
        }
        let at = at.key("tables");
        let tables: Vec<(&String, At<'_>)> = match tables {
            OneOrMany::One(table) => vec![(table, at)],
            OneOrMany::Many(tables) => {
                tables.iter().enumerate().map(|(index, table)| (table, at.item(index))).collect()
            }
        };
        if !tables.iter().any(|(table, _)| !table.starts_with('!')) {
            self.wrong(at, "`tables` names no table", "write names or patterns: `[orders, sales.*]`");
        }
        Some(CopyRead::Tables(tables.into_iter().map(|(table, at)| self.table_pattern(table, at)).collect()))
    }

    /// A table's name or pattern.
    fn table_pattern(&mut self, pattern: &str, at: At<'_>) -> Text {
        let literal = !pattern.contains("{{") && !pattern.contains("{%");
        let name = pattern.strip_prefix('!').unwrap_or(pattern);
        if let Some(error) = TableName::parse(name).err().filter(|_| literal) {
            self.wrong(at, error.to_string(), "write `name`, `schema.name` or a pattern such as `schema.*`");
        }
        self.text(pattern, at, &Names::STEP)
    }

    /// A table, whole or in part, or a query.
    pub(super) fn copy_source(&mut self, raw: &Source<'_>, at: At<'_>) -> Option<CopySource> {
        let given = [("table", raw.table.is_some()), ("query", raw.query.is_some())];
        if self.one_of(at, &given)? == "query" {
            for (key, there) in [("where", raw.condition.is_some()), ("columns", raw.columns.is_some())] {
                if there {
                    let message = format!("`{key}` goes with `table`, not with `query`");
                    self.wrong_span(at.key(key).key_span(), message, "put it into the query");
                }
            }
            return Some(CopySource::Query(self.sql(raw.query?, at.key("query"))));
        }
        let condition = raw.condition.map(|condition| self.sql(condition, at.key("where")));
        let columns = self.columns(raw.columns, at, "columns");
        Some(CopySource::Table { table: self.table(raw.table, at)?, columns, condition })
    }
}
