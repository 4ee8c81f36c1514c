//! The storage parameter `parallel_workers` of the table that is read, set for one query and for nobody else.
//!
//! It is set in the transaction that makes the new table and taken back before that commits, so no other session ever
//! plans with it, and whatever ends the transaction puts the old value back. What others notice is its lock: vacuum and
//! schema changes of that table wait until the query has ended; reading and writing go on.

use crate::domain::failure::{Failure, Side};
use crate::postgres::{Ident, PgError, QualifiedName, Session};
use crate::steps::StepContext;

use super::plan::{Plan, relations};
use super::statement::Statement;

/// How long setting it may wait for somebody who vacuums or changes the table.
const LOCK_TIMEOUT: &str = "5s";

/// The largest table that the plan reads, or all its partitions, where the user may change them; with what is set now.
const LARGEST: &str = "
    with scanned as (
      select distinct c.oid, n.nspname, c.relname, pg_relation_size(c.oid) as size,
             coalesce(pg_partition_root(c.oid), c.oid) as root, pg_has_role(c.relowner, 'USAGE') as ours,
             (select option_value from pg_options_to_table(c.reloptions) where option_name = 'parallel_workers') as now
      from unnest($1::text[]) name join pg_class c on c.oid = to_regclass(name)
           join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'm') and c.relpersistence <> 't' and n.nspname <> 'pg_catalog')
    select nspname, relname, now, root::regclass::text from scanned
    where ours and root = (select root from scanned group by root order by sum(size) desc limit 1)
    order by nspname, relname";

/// What is changed on the tables that are read while the query runs.
pub(super) struct TableSetting {
    set: String,
    take_back: String,
    told: String,
}

impl TableSetting {
    /// What is changed, in words.
    pub(super) fn told(&self) -> &str {
        &self.told
    }

    /// Statements before the query, in its own message: they begin the transaction.
    pub(super) fn before(&self) -> String {
        format!("begin; set local lock_timeout = '{LOCK_TIMEOUT}'; {} set local lock_timeout to default; ", self.set)
    }

    /// Statements after the query: they take the change back and commit.
    pub(super) fn after(&self) -> String {
        format!("{} commit", self.take_back)
    }
}

/// Finds out whether it would help, without changing anything.
pub(super) async fn try_one(
    plan: &Plan,
    statement: &Statement,
    workers: u32,
    hidden: &str,
    session: &Session,
    context: &StepContext,
) -> Result<Option<(TableSetting, Plan)>, Failure> {
    let work = async {
        let Some(setting) = of_largest(plan, workers, session).await? else { return Ok(None) };
        let tried = async {
            session.execute(&setting.before(), format!("setting {}", setting.told)).await?;
            statement.explain(session, hidden).await
        };
        let tried = tried.await;
        session.execute("rollback", "taking the change of the table back").await?;
        Ok(Some((setting, tried)))
    };
    let found = session.run_until(&context.stop, Side::Target, work).await?;
    let Some((setting, tried)) = found else { return Ok(None) };
    match tried {
        Ok(better) if better.planned() > plan.planned() => Ok(Some((setting, better))),
        Ok(_) => Ok(None),
        Err(error) => {
            context.warn(format!("the table's parallel_workers could not be tried: {error}"));
            Ok(None)
        }
    }
}

async fn of_largest(plan: &Plan, workers: u32, session: &Session) -> Result<Option<TableSetting>, PgError> {
    let rows = session.query(LARGEST, &[&relations(plan)], "looking for the largest table").await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let told = format!("parallel_workers = {workers} on {} while the query runs", first.get::<_, &str>(3));
    let (mut set, mut take_back) = (String::new(), String::new());
    for row in &rows {
        let table =
            QualifiedName { schema: Some(Ident::new(row.get::<_, &str>(0))), name: Ident::new(row.get::<_, &str>(1)) };
        set = format!("{set}alter table {table} set (parallel_workers = {workers}); ");
        let back = match row.get::<_, Option<&str>>(2) {
            Some(before) => format!("set (parallel_workers = {before})"),
            None => "reset (parallel_workers)".to_owned(),
        };
        take_back = format!("{take_back}alter table {table} {back}; ");
    }
    Ok(Some(TableSetting { set, take_back, told }))
}
