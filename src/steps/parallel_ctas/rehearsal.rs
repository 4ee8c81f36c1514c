//! Tries everything that could be refused after the query has run, on an empty table and without leaving a trace.
//!
//! A wrong tablespace, storage parameter or index is found within milliseconds, in the server's own words, and not after
//! the hour that the query takes.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::ids::quoted;
use crate::postgres::{PgError, Session};
use crate::steps::StepContext;

use super::indexes::Index;
use super::statement::Statement;

/// The relation of a name in a schema, unless it is an index of the table $3.
const TAKEN: &str = "
    select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = $1 and c.relname = any($2)
      and not exists (select from pg_index where indexrelid = c.oid and indrelid = $3)
    limit 1";

/// Makes table and indexes in a transaction that is rolled back.
pub(super) async fn rehearse(
    statement: &Statement,
    indexes: &[Index],
    session: &Session,
    context: &StepContext,
) -> Result<(), Failure> {
    if indexes.is_empty() && !statement.has_options() {
        return Ok(());
    }
    let (view, table) = (context.hidden_name(0), context.hidden_name(1));
    let place = &statement.place;
    let trying = async {
        let doing = "trying how the table will be made";
        let make = format!("begin; create view {} as\n{}", place.beside(&view), statement.text);
        // A query that can't be a view, because it reads a temporary table for example, is not rehearsed.
        if session.execute(&make, doing).await.is_ok() {
            session.execute(&statement.create_like(&table, &view), doing).await?;
            for index in indexes {
                session.execute(&index.build(place, &table), "trying how an index will be built").await?;
            }
        }
        Ok::<_, PgError>(())
    };
    let tried = async {
        let tried = trying.await;
        session.execute("rollback", "ending the trial").await?;
        tried?;
        let names: Vec<&str> = indexes.iter().filter_map(Index::given_name).collect();
        let (schema, old) = (place.schema.as_str(), place.oid.unwrap_or(0));
        let taken = session.query_opt(TAKEN, &[&schema, &names, &old], "looking whether names are taken").await?;
        Ok(taken.map(|row| quoted(row.get(0))))
    };
    match session.run_until(&context.stop, Side::Target, tried).await? {
        None => Ok(()),
        Some(name) => {
            let message = format!("the name {name} of an index is taken in schema {}", place.schema);
            Err(Failure::permanent(Code::PostgresStatement, Side::Target, message)
                .with_sqlstate("42P07")
                .with_hint("give the index another name, or none"))
        }
    }
}
