//! From the hidden table to the visible one: checked beforehand, swapped in at the end.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::ids::TableName;
use crate::domain::progress::Progress;
use crate::domain::step::{CtasMode, CtasStep};
use crate::postgres::replacement::{self, Coming, Replacement, Wanted};
use crate::postgres::{self, PgError, Place, Session};
use crate::steps::StepContext;

use super::indexes::{self, Index};

/// Whether the connection's user may make tables in the schema $1.
const MAY_CREATE: &str = "select has_schema_privilege($1, 'CREATE')";

/// The tablespace of the table $1, where it isn't the database's own.
const TABLESPACE: &str =
    "select spcname::text from pg_class c join pg_tablespace t on t.oid = c.reltablespace where c.oid = $1";

/// Where the table will stand.
pub(super) struct Target {
    /// Its place.
    pub(super) place: Place,
    /// The tablespace of the table that it replaces, where that isn't the database's own.
    pub(super) tablespace: Option<String>,
}

/// Finds where the table will stand and whether it can be put there, before any work is done.
pub(super) async fn check(
    mode: CtasMode,
    table: &TableName,
    session: &Session,
    context: &StepContext,
) -> Result<Target, Failure> {
    let asked = async {
        let place = postgres::place(session, table).await?;
        let schema = place.schema.as_str();
        let row = session.query_one(MAY_CREATE, &[&schema], "checking the privileges on the schema").await?;
        if mode == CtasMode::Replace {
            replacement::check(session, std::slice::from_ref(&place)).await?;
        }
        let tablespace = session.query_opt(TABLESPACE, &[&place.oid.unwrap_or(0)], "looking at the old table").await?;
        Ok((place, row.get::<_, bool>(0), tablespace.map(|row| row.get(0))))
    };
    let (place, may_create, tablespace) = session.run_until(&context.stop, Side::Target, asked).await?;
    if mode == CtasMode::FailIfExists && place.oid.is_some() {
        let message = format!("the table {} exists already", place.full());
        return Err(Failure::permanent(Code::PostgresStatement, Side::Target, message)
            .with_sqlstate("42P07")
            .with_hint("drop it, or let the step replace it: mode: replace"));
    }
    if !may_create {
        let message = format!("the user of the connection may not make tables in schema {}", place.schema);
        let hint = format!("grant create on schema {} to that user", place.schema);
        return Err(Failure::permanent(Code::PostgresPrivilege, Side::Target, message)
            .with_sqlstate("42501")
            .with_hint(hint));
    }
    Ok(Target { place, tablespace })
}

/// Completes the hidden table and, when the run is known to be still ours, makes it visible.
pub(super) async fn publish(
    step: &CtasStep,
    place: &Place,
    hidden: &str,
    indexes: &[Index],
    session: &Session,
    context: &StepContext,
) -> Result<(), Failure> {
    let new = place.beside(hidden);
    indexes::build(indexes, place, hidden, session, context).await?;
    let replacement = match step.mode {
        CtasMode::Replace => {
            context.host.progress(Progress::phase("giving the new table what the old one had"));
            let completing = complete(step, place, hidden, session, context);
            Some(session.run_until(&context.stop, Side::Target, completing).await?)
        }
        CtasMode::FailIfExists => None,
    };
    context.host.progress(Progress::phase("analysing the new table"));
    let analyze = format!("analyze {new}");
    session.run_until(&context.stop, Side::Target, session.execute(&analyze, "analysing the new table")).await?;
    let oids = session.run_until(&context.stop, Side::Target, indexes::oids(indexes, place, session)).await?;
    context.host.progress(Progress::phase("swapping the new table in"));
    context.unless_stopped(context.host.gate()).await??;
    if let Some(replacement) = &replacement {
        let swapping = replacement::swap(session, replacement);
        session.run_until(&context.stop, Side::Target, swapping).await?;
    } else {
        // A plain rename: it fails if somebody made the table meanwhile.
        let rename = format!("alter table {new} rename to {}", place.name);
        let doing = format!("giving the new table its name {}", place.full());
        session.run_until(&context.stop, Side::Target, session.execute(&rename, doing)).await?;
    }
    // The table is visible; a name that could not be given is no reason to say that it isn't.
    if let Err(error) = indexes::name(indexes, place, &oids, session).await {
        context.warn(format!("an index keeps its hidden name: {error}"));
    }
    Ok(())
}

/// Gives the new table what the old one had, as far as it may before it is visible.
async fn complete(
    step: &CtasStep,
    place: &Place,
    hidden: &str,
    session: &Session,
    context: &StepContext,
) -> Result<Vec<Replacement>, PgError> {
    let wanted = Wanted {
        place: place.clone(),
        hidden: hidden.to_owned(),
        coming: Coming::Made,
        unlogged: step.unlogged,
        // A job that names indexes names all of them.
        indexes: step.indexes.is_empty(),
    };
    let planned = replacement::plan(session, &[wanted]).await?;
    for replacement in &planned {
        for loss in replacement.lost() {
            context.warn(format!("replacing {} loses its {loss}", replacement.place().full()));
        }
    }
    replacement::complete(session, &planned).await?;
    Ok(planned)
}
