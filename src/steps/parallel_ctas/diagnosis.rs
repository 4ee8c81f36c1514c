//! Why PostgreSQL plans too few workers, and what to change.
//!
//! Asked only when the step fails for it. It names the first cause that it can show from plan and catalogue; causes that
//! take a closer look at the query are told in general words.

use serde_json::Value;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::ids::quoted;
use crate::postgres::{PgError, Session};
use crate::steps::StepContext;

use super::plan::{Plan, text};
use super::query::CtasQuery;

/// A cause, and what to do about it.
struct Cause {
    because: String,
    hint: String,
}

/// The failure of a query that is planned with fewer workers than the minimum.
pub(super) async fn too_few(
    query: &CtasQuery<'_>,
    plan: &Plan,
    planned: u32,
    session: &Session,
    context: &StepContext,
) -> Failure {
    let finding = session.run_until(&context.stop, Side::Target, cause(query, plan, planned, session)).await;
    let minimum = query.guarantee.minimum;
    let cause = match finding {
        Ok(cause) => cause,
        Err(stopped) if context.stop.is_cancelled() => return stopped,
        Err(failure) => Cause { because: format!("looking for the reason failed: {failure}"), hint: general(planned) },
    };
    let message = format!(
        "PostgreSQL plans the query with {planned} parallel workers; at least {minimum} are needed: {}",
        cause.because
    );
    Failure::permanent(Code::NotParallel, Side::Target, message).with_hint(cause.hint)
}

async fn cause(query: &CtasQuery<'_>, plan: &Plan, planned: u32, session: &Session) -> Result<Cause, PgError> {
    if let Some(cause) = forbidden_by_node(plan) {
        return Ok(cause);
    }
    if let Some(cause) = temporary_table(plan, session).await? {
        return Ok(cause);
    }
    if let Some(cause) = functions(query.text, session).await? {
        return Ok(cause);
    }
    largest_table(plan, planned, query.guarantee.minimum, session).await
}

/// Nodes that show by themselves why there is no Gather.
fn forbidden_by_node(plan: &Plan) -> Option<Cause> {
    let nodes = plan.nodes();
    let has = |kind: &str| nodes.iter().copied().find(|node| text(node, "Node Type") == kind);
    if has("LockRows").is_some() {
        return Some(Cause {
            because: "it locks rows (FOR UPDATE or FOR SHARE), which only one process may do".to_owned(),
            hint: "leave the FOR UPDATE or FOR SHARE out of the query".to_owned(),
        });
    }
    has("Foreign Scan").filter(|_| plan.gathers.is_empty()).map(|node| Cause {
        because: format!("it reads the foreign table {}, which its wrapper does not read in parallel", relation(node)),
        hint: "copy the foreign table here first, for example with a copy_to_staging step".to_owned(),
    })
}

async fn temporary_table(plan: &Plan, session: &Session) -> Result<Option<Cause>, PgError> {
    let tables: Vec<String> = relations(plan);
    let sql = "select relname::text from pg_class where oid = any(select to_regclass(t) from unnest($1::text[]) t) \
               and relpersistence = 't' limit 1";
    let found = session.query_opt(sql, &[&tables], "looking for temporary tables").await?;
    Ok(found.map(|row| Cause {
        because: format!(
            "it reads the temporary table `{}`, which only its own session can see",
            row.get::<_, &str>(0)
        ),
        hint: "use an ordinary or UNLOGGED table instead of the temporary one".to_owned(),
    }))
}

/// Functions that the query names and that are not marked parallel safe.
async fn functions(query: &str, session: &Session) -> Result<Option<Cause>, PgError> {
    let names = called_names(query);
    let sql = "select p.oid::regprocedure::text, p.proparallel::text from pg_proc p \
               where p.proname = any($1) and p.proparallel <> 's' \
                 and not exists (select from pg_proc s where s.proname = p.proname and s.proparallel = 's') \
               order by p.proparallel desc limit 1";
    let found = session.query_opt(sql, &[&names], "looking for functions that forbid parallel work").await?;
    Ok(found.map(|row| {
        let (function, mark): (String, &str) = (row.get(0), row.get(1));
        let mark = if mark == "u" { "unsafe" } else { "restricted" };
        Cause {
            because: format!("it calls {function}, which is marked parallel {mark}"),
            hint: format!(
                "if the function neither writes nor depends on its session: alter function {function} parallel safe; \
                 else compute its value in a step before"
            ),
        }
    }))
}

/// Names that are followed by an opening parenthesis, as the server spells them.
fn called_names(query: &str) -> Vec<String> {
    let mut names = Vec::new();
    for before in query.split('(').map(str::trim_end) {
        let quoted = before.strip_suffix('"').and_then(|rest| rest.rsplit_once('"')).map(|(_, name)| name.to_owned());
        let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
        let plain = &before[start.map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8))..];
        let name = quoted.unwrap_or_else(|| plain.to_lowercase());
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Nothing forbids it: then the tables are too small for the workers wanted, or the work too little for their cost.
async fn largest_table(plan: &Plan, planned: u32, minimum: u32, session: &Session) -> Result<Cause, PgError> {
    let sql = "select c.oid::regclass::text, pg_size_pretty(pg_relation_size(c.oid)), \
                      pg_size_pretty(pg_size_bytes(current_setting('min_parallel_table_scan_size')) * (3 ^ ($2::float8 - 1))::bigint), \
                      pg_relation_size(c.oid) \
                        < pg_size_bytes(current_setting('min_parallel_table_scan_size')) * (3 ^ ($2::float8 - 1))::bigint, \
                      current_setting('dynamic_shared_memory_type') = 'none' \
               from pg_class c where c.oid = any(select to_regclass(t) from unnest($1::text[]) t) and c.relkind in ('r', 'm') \
               order by pg_relation_size(c.oid) desc limit 1";
    let step = f64::from(minimum.clamp(1, 30));
    let found = session.query_opt(sql, &[&relations(plan), &step], "looking at the sizes of the tables").await?;
    let Some(row) = found else {
        return Ok(Cause {
            because: "it reads no table that could be divided among workers".to_owned(),
            hint: general(planned),
        });
    };
    let (table, size, needed, small): (&str, &str, &str, bool) = (row.get(0), row.get(1), row.get(2), row.get(3));
    if small {
        return Ok(Cause {
            because: format!(
                "the largest table that it reads, {table}, has {size}, and PostgreSQL gives {minimum} workers to a \
                 table of {needed} or more"
            ),
            hint: format!(
                "lower min_parallel_table_scan_size, or alter table {table} set (parallel_workers = {minimum}), or lower \
                 workers.minimum"
            ),
        });
    }
    Ok(Cause {
        because: format!("a plan with fewer workers costs less by its estimate (largest table: {table}, {size})"),
        hint: general(planned),
    })
}

fn general(planned: u32) -> String {
    let settings =
        if planned == 0 { "parallel_setup_cost and parallel_tuple_cost" } else { "max_parallel_workers_per_gather" };
    format!(
        "lower {settings} for the user of the connection (alter role … set …), or lower workers.minimum; EXPLAIN shows the plan"
    )
}

/// Tables of the plan, quoted and with their schema.
fn relations(plan: &Plan) -> Vec<String> {
    plan.nodes().into_iter().filter(|node| node.get("Relation Name").is_some()).map(relation).collect()
}

fn relation(node: &Value) -> String {
    format!("{}.{}", quoted(text(node, "Schema")), quoted(text(node, "Relation Name")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn called_names_are_spelled_as_the_server_does() {
        let names = called_names("select Sum(x), \"Net Total\"(y), mart.f1 (z), 합계(w) from t where a in (1, 2)");
        assert_eq!(names, ["sum", "Net Total", "f1", "합계", "in"]);
    }
}
