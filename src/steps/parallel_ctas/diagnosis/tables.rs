//! Causes that lie in the tables that are read: temporary, kept from workers by a setting of theirs, or too small.

use super::Cause;
use crate::postgres::{PgError, Session};
use crate::steps::parallel_ctas::plan::{Plan, relations};

const TEMPORARY: &str = "
    select relname::text from pg_class
    where oid = any(select to_regclass(name) from unnest($1::text[]) name) and relpersistence = 't' limit 1";

/// The largest table: its name, its size in words, the size that would do in words, whether it is smaller than that, its
/// own `parallel_workers`.
const LARGEST: &str = "
    with needed as (
      select greatest(pg_size_bytes(current_setting('min_parallel_table_scan_size')), current_setting('block_size')::int8)
               * (3 ^ ($2::float8 - 1))::int8 as bytes)
    select c.oid::regclass::text, pg_size_pretty(pg_relation_size(c.oid)), pg_size_pretty(needed.bytes),
           pg_relation_size(c.oid) < needed.bytes,
           (select option_value::int4 from pg_options_to_table(c.reloptions) where option_name = 'parallel_workers')
    from pg_class c, needed
    where c.oid = any(select to_regclass(name) from unnest($1::text[]) name) and c.relkind in ('r', 'm')
    order by pg_relation_size(c.oid) desc limit 1";

/// A temporary table that the query reads.
pub(super) async fn temporary(plan: &Plan, session: &Session) -> Result<Option<Cause>, PgError> {
    let found = session.query_opt(TEMPORARY, &[&relations(plan)], "looking for temporary tables").await?;
    Ok(found.map(|row| {
        let table: &str = row.get(0);
        Cause::new(
            format!("it reads the temporary table `{table}`, which only its own session can see"),
            "use an ordinary or UNLOGGED table instead of the temporary one",
        )
    }))
}

/// Nothing forbids workers: then the largest table is kept from them or too small, or the work costs too little.
pub(super) async fn too_small(plan: &Plan, minimum: u32, session: &Session) -> Result<Cause, PgError> {
    let planned = plan.planned();
    let step = f64::from(minimum.clamp(1, 20));
    let found = session.query_opt(LARGEST, &[&relations(plan), &step], "looking at the sizes of the tables").await?;
    let Some(row) = found else {
        return Ok(Cause::new("it reads no table that could be divided among workers", general(planned)));
    };
    let (table, size, needed): (&str, &str, &str) = (row.get(0), row.get(1), row.get(2));
    let own = row.get::<_, Option<i32>>(4).and_then(|own| u32::try_from(own).ok());
    if let Some(own) = own.filter(|own| *own < minimum) {
        let because =
            format!("the storage parameter parallel_workers of the largest table that it reads, {table}, is {own}");
        return Ok(Cause::new(because, format!("alter table {table} reset (parallel_workers)")));
    }
    if own.is_none() && row.get::<_, bool>(3) {
        let because = format!(
            "the largest table that it reads, {table}, has {size}, and PostgreSQL gives {minimum} workers to a table of \
             {needed} or more"
        );
        let hint = format!(
            "lower workers.minimum, for a table so small needs no workers, or set them: allow_table_setting: true, or \
             alter table {table} set (parallel_workers = {minimum})"
        );
        return Ok(Cause::new(because, hint));
    }
    let because = format!("a plan with fewer workers costs less by its estimate (largest table: {table}, {size})");
    Ok(Cause::new(because, general(planned)))
}

/// What to do where nothing better is known.
pub(super) fn general(planned: u32) -> String {
    let settings = if planned == 0 {
        "lower parallel_setup_cost and parallel_tuple_cost"
    } else {
        "raise max_parallel_workers_per_gather"
    };
    format!(
        "{settings} for the user of the connection (alter role … set …), or lower workers.minimum; EXPLAIN shows the plan"
    )
}
