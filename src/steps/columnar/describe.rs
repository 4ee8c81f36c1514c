//! The columns of what is read, with the types that they get in DuckDB.

use crate::domain::failure::{Failure, Side};
use crate::domain::progress::Progress;
use crate::postgres::{Ident, PgError, Session};
use crate::steps::StepContext;
use crate::steps::reading::source::{Rows, Source};

use super::column::{Column, NumericNeed};

/// Looks at the columns of a source, within its snapshot.
pub(in crate::steps) async fn describe(
    source: &Source,
    session: &Session,
    context: &StepContext,
) -> Result<Vec<Column>, Failure> {
    let mut columns = columns(source, session, context).await?;
    settle(&mut columns, source, session, context).await?;
    Ok(columns)
}

/// Has the source's rows asked for in the form in which they travel.
pub(in crate::steps) fn ask(source: &mut Source, columns: &[Column]) {
    let asked = columns.iter().map(Column::asked).collect::<Vec<_>>().join(", ");
    match &mut source.rows {
        Rows::Relation { list, .. } => *list = asked,
        // The line break ends a comment that the query may end with.
        Rows::Query(query) => *query = format!("select {asked} from (\n{query}\n) as windlass_rows"),
    }
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
    context.host.progress(Progress::phase(doing.as_str()));
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
