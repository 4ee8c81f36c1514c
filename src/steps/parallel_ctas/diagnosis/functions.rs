//! Causes that lie in what the query calls: functions, operators and aggregates that workers may not run.
//!
//! The server has parsed the query, so it knows exactly what is called, whichever of several functions of one name. It tells
//! when the query is made a view, whose parsed form stands in the catalogue; the transaction is rolled back. Views that
//! the query reads and policies of its tables count as well.

use super::Cause;
use crate::postgres::{PgError, Session};
use crate::steps::parallel_ctas::plan::{Plan, relations};
use crate::steps::parallel_ctas::statement::Statement;

/// Functions named in the view $1, in views below it, and in policies of the tables $2, that aren't parallel safe: the worst
/// first. Function, mark, whether it comes with PostgreSQL.
const CALLED: &str = "
    with recursive rules(oid, tree) as (
      select oid, ev_action::text from pg_rewrite where ev_class = to_regclass($1)
      union
      select below.oid, below.ev_action::text
      from rules join pg_depend on classid = 'pg_rewrite'::regclass and objid = rules.oid
                                   and refclassid = 'pg_class'::regclass
                 join pg_rewrite below on below.ev_class = refobjid and below.rulename = '_RETURN'),
    trees as (
      select tree from rules
      union all
      select polqual::text from pg_policy
      where polqual is not null and polrelid = any(select to_regclass(name) from unnest($2::text[]) name)
        and row_security_active(polrelid)),
    called as (
      select distinct found[1]::oid as oid
      from trees, regexp_matches(tree, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\\d+)', 'g') as found)
    select p.oid::regprocedure::text, p.proparallel::text, p.pronamespace = 'pg_catalog'::regnamespace
    from called join pg_proc p using (oid)
    where p.proparallel <> 's'
    order by p.proparallel desc, 1";

/// Whether the view $1 turns values into a domain.
const DOMAINS: &str = "
    select coalesce(bool_or(ev_action::text like '%{COERCETODOMAIN %'), false)
    from pg_rewrite where ev_class = to_regclass($1)";

/// The functions that forbid workers, or that keep their part of the query from them.
pub(super) async fn forbidding(
    statement: &Statement,
    plan: &Plan,
    session: &Session,
    hidden: &str,
) -> Result<Vec<Cause>, PgError> {
    let doing = "looking for functions that forbid parallel work";
    let view = statement.place.beside(hidden).to_string();
    // What the query locks is locked for the look only; nobody waits longer for it than this.
    let make = format!("begin; set local lock_timeout = '1s'; create view {view} as\n{}", statement.text);
    let asked = async {
        session.execute(&make, doing).await?;
        let called = session.query(CALLED, &[&view, &relations(plan)], doing).await?;
        let domains: bool = session.query_one(DOMAINS, &[&view], doing).await?.get(0);
        Ok::<_, PgError>((called, domains))
    };
    let asked = asked.await;
    session.execute("rollback", doing).await?;
    // A query that can't be a view (it changes rows, it reads a temporary table) has its cause elsewhere.
    let Ok((called, domains)) = asked else { return Ok(Vec::new()) };
    let worst = called.first().map(|row| row.get::<_, String>(1));
    // A restricted function keeps workers from its part of the query only; where there is a Gather, it isn't the reason.
    if worst.as_deref() != Some("u") && !plan.gathers.is_empty() {
        return Ok(Vec::new());
    }
    let of_worst = called.iter().filter(|row| Some(row.get::<_, String>(1)) == worst);
    let mut causes: Vec<Cause> =
        of_worst.map(|row| cause(row.get(0), worst.as_deref() == Some("u"), row.get(2))).collect();
    if domains && causes.is_empty() {
        causes.push(Cause::new(
            "it turns values into a domain, which PostgreSQL treats as parallel restricted",
            "cast to the type below the domain instead",
        ));
    }
    Ok(causes)
}

fn cause(function: &str, forbidden: bool, built_in: bool) -> Cause {
    let mark = if forbidden { "unsafe" } else { "restricted" };
    let because = format!("it calls {function}, which is marked parallel {mark}");
    let hint = if built_in {
        format!("{function} comes with PostgreSQL and works in one process only: compute its value in a step before")
    } else {
        format!(
            "if the function neither writes nor depends on its session: alter function {function} parallel safe; else \
             compute its value in a step before"
        )
    };
    Cause::new(because, hint)
}
