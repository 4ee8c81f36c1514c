use crate::domain::step::{RowBounds, SqlStep};
use crate::domain::template::SqlText;
use crate::spec::problems::At;
use crate::spec::raw::{RawRows, RawSql};
use crate::spec::source::Source;

use super::resolver::Resolver;

impl Resolver<'_, '_> {
    /// A `sql` step.
    pub(super) fn statements(&mut self, raw: &RawSql, at: At<'_>) -> Option<SqlStep> {
        let connection = self.connection(raw.connection.as_ref(), at, None);
        let statement = self.statement(("statement", raw.statement.as_ref()), raw.file.as_ref(), at);
        let rows = raw.expect.as_ref().and_then(|expect| expect.rows.as_ref());
        if rows.is_some_and(|rows| rows.drop_at_most.is_some()) {
            let at = at.key("expect").key("rows").key("drop_at_most");
            self.wrong_span(at.key_span(), "`drop_at_most` is for `collect` only", "");
        }
        let expect_rows = rows.map(|rows| self.rows(rows, at.key("expect").key("rows")));
        Some(SqlStep { connection: connection?, statement: statement?, expect_rows })
    }

    /// SQL that stands in the job file, or in a file of its own. The file is read now, so that a run keeps the
    /// statement it started with.
    pub(super) fn statement(
        &mut self,
        (key, inline): (&'static str, Option<&String>),
        file: Option<&String>,
        at: At<'_>,
    ) -> Option<SqlText> {
        if self.one_of(at, &[(key, inline.is_some()), ("file", file.is_some())])? == key {
            return Some(self.sql(inline?, at.key(key)));
        }
        let path = self.base.join(file?);
        self.reads.push(path.clone());
        let source = match Source::read(&path) {
            Ok(source) => source,
            Err(diagnostic) if diagnostic.line.is_some() => {
                self.problems.push(diagnostic);
                return None;
            }
            Err(diagnostic) => {
                let message = format!("`{}`: {}", diagnostic.file.display(), diagnostic.message);
                self.wrong(at.key("file"), message, "a relative path starts from the job file's folder");
                return None;
            }
        };
        if source.text.trim().is_empty() {
            self.wrong(at.key("file"), format!("`{}`: the file is empty", path.display()), "");
            return None;
        }
        self.template_file(&source);
        Some(SqlText(source.text))
    }

    /// Bounds on a number of rows.
    pub(super) fn rows(&mut self, raw: &RawRows, at: At<'_>) -> RowBounds {
        if let (Some(min), Some(max)) = (raw.min, raw.max)
            && min > max
        {
            self.wrong(at.key("min"), format!("`min` ({min}) is more than `max` ({max})"), "");
        }
        RowBounds { min: raw.min, max: raw.max }
    }
}
