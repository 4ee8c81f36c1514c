//! Whether what stands at a place can be replaced by another table of the same name.
//!
//! Asked before data moves, so that an hour's copy doesn't end at a view that hangs on the old table. The last word is
//! the server's, when the old table is dropped.

use crate::postgres::error::{PgError, PgErrorKind};
use crate::postgres::session::Session;

use super::place::Place;

/// Fails if one of the tables can't be replaced: it is not of that kind, is not ours, or something hangs on it.
pub async fn check(session: &Session, places: &[Place]) -> Result<(), PgError> {
    for place in places {
        check_one(session, place).await?;
    }
    Ok(())
}

async fn check_one(session: &Session, place: &Place) -> Result<(), PgError> {
    let Some(oid) = place.oid else { return Ok(()) };
    let doing = format!("checking that {} can be replaced", place.full());
    let blocked = |message: String, hint: &str| {
        let mut error = PgError::without_server(doing.clone(), message, PgErrorKind::Blocked);
        error.hint = Some(hint.to_owned());
        Err(error)
    };
    let row = session.query_opt(KIND, &[&oid], doing.as_str()).await?;
    // Gone since it was looked for: then there is nothing to replace.
    let Some(row) = row else { return Ok(()) };
    let (kind, relatives, owned, policies): (String, Vec<String>, bool, bool) =
        (row.get(0), row.get(1), row.get(2), row.get(3));
    if kind != "table" {
        return blocked(format!("it is a {kind}"), "only an ordinary table can be replaced: name another target");
    }
    if !owned {
        let mut error = PgError::without_server(doing, "must be owner of the table", PgErrorKind::Server);
        error.sqlstate = Some("42501".to_owned());
        error.hint = Some("make the connection's user a member of the role that owns the table".to_owned());
        return Err(error);
    }
    if !relatives.is_empty() {
        let message = format!("it is part of an inheritance or partition tree: {}", relatives.join(", "));
        return blocked(message, "only a table that stands alone can be replaced: name another target");
    }
    if policies {
        return blocked(
            "it has row-level security, which a new table would not have".to_owned(),
            "name another target, or take the policies off and guard the rows by a view",
        );
    }
    let dependents: Vec<String> =
        session.query(DEPENDENTS, &[&oid], doing.as_str()).await?.iter().map(|row| row.get(0)).collect();
    if !dependents.is_empty() {
        return blocked(format!("other objects depend on it: {}", dependents.join(", ")), DROP_FIRST);
    }
    Ok(())
}

/// What to do about something that hangs on a table.
pub(super) const DROP_FIRST: &str =
    "drop them, let the step replace the table, and let them read from another table that you fill from this one";

/// Kind, relatives, whether we own it, whether it has policies.
const KIND: &str = "
    select case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
             when 'm' then 'materialized view' when 'f' then 'foreign table' when 'S' then 'sequence'
             when 'i' then 'index' else 'relation of kind ' || c.relkind::text end,
           (select coalesce(array_agg(case when inhrelid = c.oid then inhparent else inhrelid end::regclass::text), '{}')
              from pg_inherits where c.oid in (inhrelid, inhparent)),
           pg_has_role(c.relowner, 'USAGE'),
           c.relrowsecurity
    from pg_class c where c.oid = $1";

/// Views, foreign keys of other tables, functions and the like that a DROP without CASCADE would stop at.
const DEPENDENTS: &str = "
    select distinct case
             when d.classid = 'pg_rewrite'::regclass then
               (select case c.relkind when 'm' then 'materialized view ' else 'view ' end || c.oid::regclass::text
                  from pg_rewrite r join pg_class c on c.oid = r.ev_class where r.oid = d.objid)
             else pg_describe_object(d.classid, d.objid, d.objsubid) end
    from pg_depend d
    where d.deptype = 'n'
      and ((d.refclassid = 'pg_class'::regclass and d.refobjid = $1)
           or (d.refclassid = 'pg_type'::regclass and d.refobjid in
                 (select t.oid from pg_type t join pg_class c on t.oid = c.reltype or t.typelem = c.reltype
                   where c.oid = $1 and c.reltype <> 0))
           or (d.refclassid = 'pg_constraint'::regclass and d.refobjid in
                 (select oid from pg_constraint where conrelid = $1)))
      and not (d.classid = 'pg_class'::regclass and d.objid = $1)
      and not (d.classid = 'pg_attrdef'::regclass and d.objid in (select oid from pg_attrdef where adrelid = $1))
      and not (d.classid = 'pg_constraint'::regclass and d.objid in (select oid from pg_constraint where conrelid = $1))
      and not (d.classid = 'pg_rewrite'::regclass
               and d.objid in (select oid from pg_rewrite where ev_class = $1))
      and not (d.classid = 'pg_trigger'::regclass and d.objid in (select oid from pg_trigger where tgrelid = $1))
    order by 1 limit 20";

/// What hangs on the old table only and goes with it.
pub(super) const LOST: &str = "
    select 'trigger ' || quote_ident(tgname) from pg_trigger where tgrelid = $1 and not tgisinternal
    union all
    select 'foreign key ' || quote_ident(conname) from pg_constraint where conrelid = $1 and contype = 'f'
    union all
    select 'rule ' || quote_ident(rulename) from pg_rewrite where ev_class = $1
    union all
    select 'membership in publication ' || quote_ident(p.pubname)
      from pg_publication_rel r join pg_publication p on p.oid = r.prpubid where r.prrelid = $1
    order by 1";
