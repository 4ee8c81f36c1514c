//! The source's side: which tables are read, what their rows look like, and how they are divided.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::step::{CopyRead, CopySource, CopyStep};
use crate::postgres::{self, Column, Ident, Leaf, PgError, QualifiedName, Relation, RelationKind, Session};
use crate::steps::StepContext;
use crate::steps::sql::statements;

use super::{divide, part, selection};

/// One table or query that is read.
pub(in crate::steps) struct Source {
    /// What is read, for people: `"sales"."orders"` or `the query`.
    pub(in crate::steps) name: String,
    /// Its columns.
    pub(in crate::steps) columns: Vec<Column>,
    /// An estimate of the number of rows.
    pub(in crate::steps) rows_expected: Option<u64>,
    /// Where the rows come from.
    pub(in crate::steps) rows: Rows,
    /// Conditions that divide the rows by the values of a column; none if they aren't.
    pub(in crate::steps) ranges: Vec<String>,
}

/// Where rows come from.
pub(in crate::steps) enum Rows {
    /// From a table or view.
    Relation {
        /// Its name.
        table: QualifiedName,
        /// What holds its rows, if it can be read page by page.
        leaves: Vec<Leaf>,
        /// The columns to read, quoted.
        list: String,
        /// Condition on the rows.
        condition: Option<String>,
        /// Bytes of its pages.
        bytes: u64,
    },
    /// From a query.
    Query(String),
}

impl Rows {
    /// All rows.
    pub(in crate::steps) fn query(&self) -> String {
        match self {
            Self::Relation { table, list, condition, .. } => part::select(list, table, condition.as_deref(), ""),
            Self::Query(query) => query.clone(),
        }
    }

    /// The rows that fulfil a condition.
    pub(in crate::steps) fn query_where(&self, range: &str) -> String {
        match self {
            Self::Relation { table, list, condition, .. } => part::select(list, table, condition.as_deref(), range),
            // The line break ends a comment that the query may end with.
            Self::Query(query) => format!("select * from (\n{query}\n) as windlass_rows where {range}"),
        }
    }

    /// Bytes of the pages, as far as they are known.
    pub(in crate::steps) const fn bytes(&self) -> u64 {
        match self {
            Self::Relation { bytes, .. } => *bytes,
            Self::Query(_) => 0,
        }
    }
}

/// Finds and describes what the step reads, within the snapshot. Whoever may not read it is told so here.
pub(in crate::steps) async fn describe(
    step: &CopyStep,
    session: &Session,
    context: &StepContext,
) -> Result<Vec<Source>, Failure> {
    let mut sources = match &step.source {
        CopyRead::Tables(patterns) => {
            let (wanted, unwanted) = selection::patterns_of(patterns, context)?;
            let look = async {
                let oids = selection::select(session, &wanted, &unwanted).await?;
                postgres::relations(session, &oids).await
            };
            let relations = session.run_until(&context.stop, Side::Source, look).await?;
            let mut sources: Vec<Source> =
                relations.into_iter().map(|relation| of_relation(relation, &[], None, context)).collect();
            for source in &mut sources {
                complete(source, session, context).await?;
            }
            sources
        }
        CopyRead::One(source) => vec![describe_one(source, session, context).await?],
    };
    for source in &mut sources {
        divide::by_column(step, session, source, context).await?;
    }
    Ok(sources)
}

/// Finds and describes one table or query. Whoever may not read it is told so here.
pub(in crate::steps) async fn describe_one(
    source: &CopySource,
    session: &Session,
    context: &StepContext,
) -> Result<Source, Failure> {
    let mut source = match source {
        CopySource::Table { table, columns, condition } => {
            let table = context.table(table)?;
            let condition = condition.as_ref().map(|condition| context.scope.sql(condition)).transpose()?;
            let look = async {
                let oids = postgres::find_relations(session, &[table]).await?;
                postgres::relations(session, &oids).await
            };
            let mut relations = session.run_until(&context.stop, Side::Source, look).await?;
            let relation = relations.pop().ok_or_else(|| Failure::bug("a table that was found has no description"))?;
            check_columns(&relation, columns)?;
            of_relation(relation, columns, condition, context)
        }
        CopySource::Query(query) => {
            let query = one_statement(&context.scope.sql(query)?)?;
            session.run_until(&context.stop, Side::Source, of_query(session, query)).await?
        }
    };
    complete(&mut source, session, context).await?;
    Ok(source)
}

/// What needs a look at the rows: how many there will be, where a condition leaves some out.
async fn complete(source: &mut Source, session: &Session, context: &StepContext) -> Result<(), Failure> {
    check_names(source)?;
    if source.filtered_by_condition() {
        let planned = estimate(session, source);
        source.rows_expected = session.run_until(&context.stop, Side::Source, planned).await?;
    }
    Ok(())
}

impl Source {
    /// Whether the server's estimate for the whole table says little about the rows to come.
    const fn filtered_by_condition(&self) -> bool {
        matches!(&self.rows, Rows::Relation { condition: Some(_), .. })
    }
}

fn of_relation(relation: Relation, only: &[String], condition: Option<String>, context: &StepContext) -> Source {
    let name = relation.name.to_string();
    if relation.filtered {
        context.warn(format!("{name}: row-level security leaves out rows that this user may not see"));
    }
    let by_name = |name: &String| relation.columns.iter().find(|column| column.name == *name).cloned();
    let mut columns: Vec<Column> =
        if only.is_empty() { relation.columns.clone() } else { only.iter().filter_map(by_name).collect() };
    for column in &mut columns {
        // What the source computes is data here.
        column.generated = false;
        // A view says nothing about it.
        column.not_null &= relation.kind != RelationKind::Other;
    }
    let list = columns.iter().map(|column| Ident::new(column.name.as_str()).to_string()).collect::<Vec<_>>().join(", ");
    Source {
        name,
        rows_expected: relation.rows_expected.filter(|_| relation.kind != RelationKind::Other),
        columns,
        rows: Rows::Relation {
            table: relation.name,
            // Policies are those of the partitioned table: its partitions would be read without them.
            leaves: if relation.filtered { Vec::new() } else { relation.leaves },
            list,
            condition,
            bytes: relation.bytes,
        },
        ranges: Vec::new(),
    }
}

fn check_columns(relation: &Relation, wanted: &[String]) -> Result<(), Failure> {
    let known = |name: &String| relation.columns.iter().any(|column| column.name == *name);
    let Some(unknown) = wanted.iter().find(|name| !known(name)) else { return Ok(()) };
    let there = relation.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ");
    let message = format!("looking at {}: column \"{unknown}\" does not exist", relation.name);
    Err(Failure {
        sqlstate: Some("42703".to_owned()),
        ..Failure::permanent(Code::PostgresStatement, Side::Source, message)
            .with_hint(format!("names are taken literally, capitals too; its columns: {there}"))
    })
}

/// Columns that a table can't have.
fn check_names(source: &Source) -> Result<(), Failure> {
    let shape = |message| Err(Failure::permanent(Code::CopyShape, Side::Source, message));
    if source.columns.is_empty() {
        return shape(format!("{} has no columns", source.name));
    }
    let mut seen = std::collections::BTreeSet::new();
    for column in &source.columns {
        if !seen.insert(column.name.as_str()) {
            return shape(format!(
                "{} has two columns `{}`: give one another name with `as`",
                source.name, column.name
            ));
        }
    }
    Ok(())
}

/// A query, without a semicolon and without a comment behind it.
pub(in crate::steps) fn one_statement(query: &str) -> Result<String, Failure> {
    match statements::split(query).as_slice() {
        [only] => Ok(only.text.to_owned()),
        several => {
            let message = match several.len() {
                0 => "the query is empty".to_owned(),
                count => format!("the query holds {count} statements; give one"),
            };
            Err(Failure::permanent(Code::PostgresStatement, Side::Source, message))
        }
    }
}

async fn of_query(session: &Session, query: String) -> Result<Source, PgError> {
    let mut columns = postgres::columns(session, &query, "looking at the query").await.map_err(with_hint)?;
    for column in &mut columns {
        (column.not_null, column.generated) = (false, false);
    }
    let (rows, name) = (Rows::Query(query), "the query".to_owned());
    let mut source = Source { name, columns, rows_expected: None, rows, ranges: Vec::new() };
    source.rows_expected = estimate(session, &source).await?;
    Ok(source)
}

/// How many rows the planner expects. Planning also checks privileges and conditions.
async fn estimate(session: &Session, source: &Source) -> Result<Option<u64>, PgError> {
    let explain = format!("explain (format json) {}", source.rows.query());
    let plan = session.query_one(&explain, &[], format!("looking at {}", source.name)).await.map_err(with_hint)?;
    let plan: serde_json::Value = plan.try_get(0).unwrap_or_default();
    let rows = plan.pointer("/0/Plan/Plan Rows").and_then(serde_json::Value::as_f64);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate, never negative")]
    Ok(rows.map(|rows| rows as u64))
}

fn with_hint(mut error: PgError) -> PgError {
    if error.hint.is_none() && (error.is("42P01") || error.is("42703")) {
        let hint = "names are taken literally, capitals too; a table outside the search path needs its schema";
        error.hint = Some(hint.to_owned());
    }
    error
}
