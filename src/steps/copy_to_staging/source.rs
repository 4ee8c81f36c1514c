//! The source's side: one read-only snapshot, and what the rows will look like.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::step::CopySource;
use crate::postgres::{self, Column, Ident, PgError, QualifiedName, Session};
use crate::steps::StepContext;
use crate::steps::sql::statements;

/// What is to be read, with all templates rendered.
pub(in crate::steps) struct Wanted {
    /// The rows, as a query.
    pub(in crate::steps) query: String,
    /// What is read, for people: `"주문_내역"` or `the query`.
    pub(super) name: String,
    /// Whether the rows are those of one table, so that its NOT NULLs hold.
    plain: bool,
}

/// The source's rows as they will come.
pub(super) struct Source {
    /// The rows, as a query that names every column.
    pub(super) query: String,
    /// What is read, for people.
    pub(super) name: String,
    /// Its columns.
    pub(super) columns: Vec<Column>,
    /// The planner's guess of the number of rows.
    pub(super) rows_expected: Option<u64>,
}

/// Renders what the step is to read.
pub(in crate::steps) fn resolve(source: &CopySource, context: &StepContext) -> Result<Wanted, Failure> {
    match source {
        CopySource::Table { table, columns, condition } => {
            let table = context.table(table)?;
            let list = if columns.is_empty() {
                "*".to_owned()
            } else {
                columns.iter().map(|column| Ident::new(column.as_str()).to_string()).collect::<Vec<_>>().join(", ")
            };
            let name = QualifiedName::from(&table).to_string();
            let mut query = format!("select {list} from {name}");
            if let Some(condition) = condition {
                // On a line of its own, so that a comment at its end ends with it.
                query = format!("{query} where (\n{}\n)", context.scope.sql(condition)?);
            }
            Ok(Wanted { query, name, plain: true })
        }
        CopySource::Query(query) => {
            let query = context.scope.sql(query)?;
            // Without a semicolon, and without a comment behind it.
            let query = match statements::split(&query).as_slice() {
                [only] => only.text.to_owned(),
                several => {
                    let message = match several.len() {
                        0 => "the query is empty".to_owned(),
                        count => format!("the query holds {count} statements; give one"),
                    };
                    return Err(Failure::permanent(Code::PostgresStatement, Side::Source, message));
                }
            };
            Ok(Wanted { query, name: "the query".to_owned(), plain: false })
        }
    }
}

/// Begins the snapshot and describes the rows; whoever may not read them is told so here.
pub(super) async fn describe(session: &Session, wanted: &Wanted) -> Result<Source, PgError> {
    let doing = format!("looking at {}", wanted.name);
    session.execute(super::SETTINGS, "preparing the session").await?;
    session.execute("begin isolation level repeatable read read only", "beginning a snapshot").await?;
    let mut columns = postgres::columns(session, &wanted.query, &doing).await.map_err(with_hint)?;
    if !wanted.plain {
        for column in &mut columns {
            column.not_null = false;
        }
    }
    // The plan knows how many rows to expect, and planning checks the privileges.
    let explain = format!("explain (format json) {}", wanted.query);
    let plan = session.query_one(&explain, &[], doing.as_str()).await?;
    let plan: serde_json::Value = plan.try_get(0).unwrap_or_default();
    let rows_expected = plan.pointer("/0/Plan/Plan Rows").and_then(serde_json::Value::as_f64);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate, never negative")]
    let rows_expected = rows_expected.map(|rows| rows as u64);
    Ok(Source { query: wanted.query.clone(), name: wanted.name.clone(), columns, rows_expected })
}

fn with_hint(mut error: PgError) -> PgError {
    if error.hint.is_none() && (error.is("42P01") || error.is("42703")) {
        let hint = "names are taken literally, capitals too; a table outside the search path needs its schema";
        error.hint = Some(hint.to_owned());
    }
    error
}
