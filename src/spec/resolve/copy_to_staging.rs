use crate::domain::step::{CopySource, CopyStep};
use crate::spec::known::ConnectionKind;
use crate::spec::problems::At;
use crate::spec::raw::RawCopy;

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
        self.refuse(raw.key.as_ref(), at, "key");
        self.refuse(raw.split_by.as_ref(), at, "split_by");
        self.refuse(raw.swap.as_ref(), at, "swap");
        self.only(raw.mode.as_ref(), &"replace".to_owned(), at, "mode");
        self.only(raw.streams.as_ref(), &1, at, "streams");
        self.only(raw.verify.as_ref(), &"rows".to_owned(), at, "verify");
        let unlogged = raw.unlogged.unwrap_or(false);
        let read = raw.from.as_ref().and_then(|from| {
            let at = at.key("from");
            self.refuse(from.tables.as_ref(), at, "tables");
            let connection = self.connection(from.connection.as_ref(), at, Some(ConnectionKind::Postgres));
            let source = Source {
                table: from.table.as_ref(),
                query: from.query.as_ref(),
                condition: from.r#where.as_ref(),
                columns: from.columns.as_ref(),
            };
            let source = self.copy_source(&source, at);
            Some((connection?, source?))
        });
        let written = raw.to.as_ref().and_then(|to| {
            let at = at.key("to");
            self.refuse(to.schema.as_ref(), at, "schema");
            let connection = self.connection(to.connection.as_ref(), at, Some(ConnectionKind::Postgres));
            self.one_of(at, &[("table", to.table.is_some())]);
            let table = self.table(to.table.as_ref(), at);
            Some((connection?, table?))
        });
        let ((from, source), (to, table)) = (read?, written?);
        if from == to && matches!(&source, CopySource::Table { table: read, .. } if *read == table) {
            self.wrong(at.key("to").key("table"), "the staging table is the table that is read", "");
        }
        Some(CopyStep { from, source, to, table, unlogged })
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
