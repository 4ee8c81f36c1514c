//! One table of a replica made from PostgreSQL: looked at on the source, made in the new file.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::ids::TableName;
use crate::domain::step::PublishTable;
use crate::duckdb::{DuckDbSession, FeedType, quoted};
use crate::postgres::{Ident, PgError, Session};
use crate::steps::StepContext;
use crate::steps::reading::source::{self, Rows, Source};

use super::build::{Build, TableRows};
use super::column::{Column, NumericNeed};
use super::key::{self, Key};

/// A table on its way.
pub(super) struct Table {
    /// Its name in the replica.
    pub(super) name: TableName,
    /// The same for SQL, with the new file's database.
    pub(super) full: String,
    /// What is read; its rows are asked for in the form in which they travel.
    pub(super) source: Source,
    /// Its columns.
    pub(super) columns: Vec<Column>,
    /// Keys that it should have once it is full.
    pub(super) keys: Vec<Key>,
}

impl Table {
    /// The types of its columns in DuckDB.
    pub(super) fn types(&self) -> Vec<FeedType> {
        self.columns.iter().map(Column::feed_type).collect()
    }

    /// The table with so many rows.
    pub(super) fn with_rows(&self, rows: u64) -> TableRows {
        let schema = self.name.schema.clone().unwrap_or_else(|| "main".to_owned());
        TableRows { schema, name: self.name.name.clone(), rows }
    }
}

/// Looks at a table or query of the source, within its snapshot.
pub(super) async fn describe(
    table: &PublishTable,
    with_keys: bool,
    session: &Session,
    build: &Build<'_>,
) -> Result<Table, Failure> {
    let context = build.context;
    let name = TableName::parse(&table.name)
        .map_err(|error| Failure::permanent(Code::ReplicaTarget, Side::Internal, error.to_string()))?;
    let mut source = source::describe_one(&table.source, session, context).await?;
    let mut columns = columns(&source, session, context).await?;
    settle(&mut columns, &source, session, context).await?;
    let keys = if with_keys { key::find(&source, &columns, session, context).await? } else { Vec::new() };
    let asked = columns.iter().map(Column::asked).collect::<Vec<_>>().join(", ");
    source.rows = match source.rows {
        Rows::Relation { table, leaves, condition, bytes, .. } => {
            Rows::Relation { table, leaves, list: asked, condition, bytes }
        }
        Rows::Query(query) => Rows::Query(format!("select {asked} from (\n{query}\n) as windlass_rows")),
    };
    let schema = name.schema.as_deref().unwrap_or("main");
    let full = format!("{}.{}.{}", quoted(&build.database()), quoted(schema), quoted(&name.name));
    Ok(Table { name, full, source, columns, keys })
}

/// How many dimensions the declaration of a table's column gives it, for each of these columns.
const DIMENSIONS: &str = "select coalesce(max(a.attndims), 0)::int4 \
     from unnest($1::oid[], $2::int2[]) with ordinality as asked(table_oid, number, place) \
     left join pg_attribute a on a.attrelid = asked.table_oid and a.attnum = asked.number \
     group by asked.place order by asked.place";

/// The columns of a source, with the types that they get in DuckDB.
async fn columns(source: &Source, session: &Session, context: &StepContext) -> Result<Vec<Column>, Failure> {
    let doing = format!("looking at {}", source.name);
    let query = source.rows.query();
    let look = async {
        let failed = |error: tokio_postgres::Error| PgError::new(doing.as_str(), &error);
        let statement = session.client().prepare(&query).await.map_err(failed)?;
        let described = statement.columns();
        let tables: Vec<Option<u32>> = described.iter().map(tokio_postgres::Column::table_oid).collect();
        let numbers: Vec<Option<i16>> = described.iter().map(tokio_postgres::Column::column_id).collect();
        let dimensions = session.query(DIMENSIONS, &[&tables, &numbers], doing.as_str()).await?;
        let columns = described.iter().zip(&source.columns).zip(dimensions).map(|((column, of_source), row)| {
            Column::of(column, of_source.not_null, u32::try_from(row.get::<_, i32>(0)).unwrap_or(0))
        });
        Ok(columns.collect())
    };
    session.run_until(&context.stop, Side::Source, look).await
}

/// Asks the data what its numbers need, where no declaration says it.
async fn settle(
    columns: &mut [Column],
    source: &Source,
    session: &Session,
    context: &StepContext,
) -> Result<(), Failure> {
    let open: Vec<usize> = (0..columns.len()).filter(|at| columns[*at].is_open()).collect();
    if open.is_empty() {
        return Ok(());
    }
    // Not finite: a value that has no scale.
    let needs = open.iter().map(|at| {
        let name = Ident::new(columns[*at].name());
        format!(
            "coalesce(length(trunc(max(abs({name})) filter (where scale({name}) is not null))::text), 0), \
             coalesce(max(scale({name})), 0), \
             coalesce(bool_and(scale({name}) is not null) filter (where {name} is not null), true)"
        )
    });
    let needs = needs.collect::<Vec<_>>().join(", ");
    // The line break ends a comment that the query may end with.
    let query = format!("select {needs} from (\n{}\n) as windlass_rows", source.rows.query());
    let doing = format!("measuring the numbers of {}", source.name);
    context.host.progress(crate::domain::progress::Progress::phase(doing.as_str()));
    let row = session.run_until(&context.stop, Side::Source, session.query_one(&query, &[], doing)).await?;
    for (number, at) in open.into_iter().enumerate() {
        let digits = |offset: usize| u32::try_from(row.get::<_, i32>(number * 3 + offset)).unwrap_or(u32::MAX / 2);
        let need = NumericNeed { before: digits(0), after: digits(1), finite: row.get(number * 3 + 2) };
        if !columns[at].settle(need) {
            context.warn(format!(
                "column `{}` is published as text: it holds numbers of more than 38 digits, NaN or infinity; \
                 cast it in a query to publish it as a number",
                columns[at].name()
            ));
        }
    }
    Ok(())
}

/// Makes the tables, empty, in the new file.
pub(super) async fn make(tables: &[Table], target: &DuckDbSession, build: &Build<'_>) -> Result<(), Failure> {
    let database = quoted(&build.database());
    let mut statements = Vec::new();
    for table in tables {
        if let Some(schema) = &table.name.schema {
            statements.push(format!("create schema if not exists {database}.{}", quoted(schema)));
        }
        let definitions = table.columns.iter().map(Column::definition).collect::<Vec<_>>().join(", ");
        statements.push(format!("create table {} ({definitions})", table.full));
    }
    let statements = statements.join("; ");
    let work = move |connection: &::duckdb::Connection| connection.execute_batch(&statements);
    let made = target.run(&build.context.stop, "making the tables", work).await;
    made.map_err(|error| error.on(Side::Target))
}
