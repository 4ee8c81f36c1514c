//! Puts a finished hidden table in the place of another, in one transaction.
//!
//! A reader sees the old table or the new one, whole, and never neither. Owner, grants, comments, owned sequences and
//! the names of equal indexes and constraints go over to the new table. What can't go over is told beforehand by
//! `check_replaceable`. Nothing is dropped with CASCADE: what hangs on the old table stops the swap.

use std::time::Duration;

use tokio::time::sleep;

use super::error::{PgError, PgErrorKind};
use super::ident::literal;
use super::place::{DROP_FIRST, Place};
use super::session::Session;

/// How long one try waits for the lock. Short, because every reader that comes meanwhile queues behind the wait.
const LOCK_TIMEOUT: Duration = Duration::from_millis(500);

/// How often it is tried. With the pauses it is about half a minute that a reader may keep its transaction open.
const TRIES: u32 = 20;

/// Pause after a try that got no lock: readers that queued up meanwhile get their turn.
const PAUSE: Duration = Duration::from_secs(1);

/// Replaces the table at `place` by the table `hidden` of the same schema, or gives the name to it if there is none.
///
/// The session must not be in a transaction. After an error the hidden table is still there.
pub async fn swap(session: &Session, place: &Place, hidden: &str) -> Result<(), PgError> {
    let mut tries = 1;
    loop {
        match try_swap(session, place, hidden).await {
            Ok(()) => return Ok(()),
            Err(error) => {
                let holders = if error.is("55P03") { holders(session, place).await } else { None };
                // The error of the swap is what matters; a session that can't roll back is lost anyway.
                drop(session.execute("rollback", "rolling back").await);
                if !error.is("55P03") || tries == TRIES {
                    return Err(explained(error, holders));
                }
            }
        }
        tries += 1;
        sleep(PAUSE).await;
    }
}

async fn try_swap(session: &Session, place: &Place, hidden: &str) -> Result<(), PgError> {
    let full = place.full();
    let new = place.beside(hidden);
    let doing = format!("putting the new table in the place of {full}");
    let begin = format!("begin; set local lock_timeout = {}", LOCK_TIMEOUT.as_millis());
    session.execute(&begin, doing.as_str()).await?;
    let found = session
        .query_one(
            "select to_regclass($1)::oid, to_regclass($2)::oid",
            &[&full.to_string(), &new.to_string()],
            doing.as_str(),
        )
        .await?;
    let (old_oid, new_oid): (Option<u32>, Option<u32>) = (found.get(0), found.get(1));
    let Some(new_oid) = new_oid else {
        // Only a later attempt's sweep does that: then this one has nothing to say any more.
        return Err(PgError::without_server(doing, format!("the new table {new} is gone"), PgErrorKind::Lost));
    };
    let mut afterwards = Vec::new();
    if let Some(old_oid) = old_oid {
        session.execute(&format!("lock table {full} in access exclusive mode"), doing.as_str()).await?;
        for row in session.query(CARRY, &[&old_oid, &new_oid], doing.as_str()).await? {
            let (after_drop, statement): (bool, String) = (row.get(0), row.get(1));
            if after_drop {
                afterwards.push(statement);
            } else {
                session.execute(&statement, format!("{doing}: {statement}")).await?;
            }
        }
        session.execute(&format!("drop table {full}"), doing.as_str()).await?;
    }
    session.execute(&format!("alter table {new} rename to {}", place.name), doing.as_str()).await?;
    for statement in afterwards {
        session.execute(&statement, format!("{doing}: {statement}")).await?;
    }
    session.execute("commit", doing).await?;
    Ok(())
}

/// Who holds a lock on the table, in words.
async fn holders(session: &Session, place: &Place) -> Option<String> {
    // The transaction has failed; what it was can't matter, it is ended before anything else can be asked.
    session.execute("rollback", "rolling back").await.ok()?;
    let sql = format!(
        "select string_agg(distinct format('process %s (%s, %s since %s)', a.pid, \
         coalesce(nullif(a.application_name, ''), a.usename), a.state, \
         to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ')), '; ') \
         from pg_locks l join pg_stat_activity a on a.pid = l.pid \
         where l.granted and l.relation = to_regclass({}) and l.pid <> pg_backend_pid()",
        literal(&place.full().to_string())
    );
    session.query_one(&sql, &[], "looking who holds the lock").await.ok()?.get(0)
}

/// The error with what to do about it.
fn explained(mut error: PgError, holders: Option<String>) -> PgError {
    if error.is("2BP01") {
        error.hint = Some(DROP_FIRST.to_owned());
    }
    if let Some(holders) = holders {
        error.detail = Some(format!("the lock is held by {holders}"));
        error.hint =
            Some("end the transaction that has read the table, or run the job when nobody holds it".to_owned());
    }
    error
}

/// Statements that carry over what the old table ($1) has to the new one ($2): the flag says which of them need the
/// old names to be free.
const CARRY: &str = "
    with old as (select * from pg_class where oid = $1),
    new as (select c.*, c.oid::regclass::text as full_name from pg_class c where c.oid = $2),
    -- Columns of both, by name.
    columns as (
      select o.attname, o.attnum as old_number, n.attnum as new_number, o.attacl
      from pg_attribute o join pg_attribute n on n.attrelid = $2 and n.attname = o.attname and not n.attisdropped
      where o.attrelid = $1 and not o.attisdropped and o.attnum > 0),
    -- Indexes of both, by what they are: all of the definition but the names.
    indexes as (
      select i.indrelid, c.oid, c.relname,
             row_number() over (partition by i.indrelid, d.definition order by c.oid) as twin, d.definition
      from pg_index i join pg_class c on c.oid = i.indexrelid,
           lateral (select concat_ws('|', c.relam, i.indisunique, i.indisprimary, i.indclass, i.indcollation, i.indoption,
                      (select string_agg(pg_get_indexdef(i.indexrelid, k, false), ',' order by k)
                         from generate_series(1, i.indnatts) k),
                      pg_get_expr(i.indpred, i.indrelid)) as definition) d
      where i.indrelid in ($1, $2))
    select after_drop, statement from (
      select 1, false, format('alter table %s owner to %I', new.full_name, r.rolname)
        from old join pg_roles r on r.oid = old.relowner, new where new.relowner <> old.relowner
      union all
      select 2, false, format('revoke all on %s from %s', new.full_name,
                              case g.grantee when 0 then 'public' else quote_ident(r.rolname) end)
        from new, (select distinct grantee from new, aclexplode(new.relacl)) g left join pg_roles r on r.oid = g.grantee
        where g.grantee <> new.relowner
      union all
      select 3, false, format('grant %s on %s to %s%s', g.privilege_type, new.full_name,
                              case g.grantee when 0 then 'public' else quote_ident(r.rolname) end,
                              case when g.is_grantable then ' with grant option' else '' end)
        from old, new, aclexplode(old.relacl) g left join pg_roles r on r.oid = g.grantee
        where g.grantee <> old.relowner
      union all
      select 3, false, format('grant %s (%I) on %s to %s%s', g.privilege_type, c.attname, new.full_name,
                              case g.grantee when 0 then 'public' else quote_ident(r.rolname) end,
                              case when g.is_grantable then ' with grant option' else '' end)
        from new, columns c, aclexplode(c.attacl) g left join pg_roles r on r.oid = g.grantee
      union all
      select 4, false, format('comment on table %s is %L', new.full_name, obj_description($1, 'pg_class'))
        from new where obj_description($1, 'pg_class') is not null
      union all
      select 4, false, format('comment on column %s.%I is %L', new.full_name, c.attname, col_description($1, c.old_number))
        from new, columns c
        where col_description($1, c.old_number) is not null and col_description($2, c.new_number) is null
      union all
      -- A default that takes from the old table's sequence: the sequence must outlive the old table.
      select 5, false, format('alter sequence %s owned by %s.%I', s.oid::regclass, new.full_name, c.attname)
        from new, pg_depend owned join pg_class s on s.oid = owned.objid and s.relkind = 'S'
             join columns c on c.old_number = owned.refobjsubid
             join pg_attrdef def on def.adrelid = $2 and def.adnum = c.new_number
             join pg_depend used on used.classid = 'pg_attrdef'::regclass and used.objid = def.oid
                                    and used.refobjid = s.oid
        where owned.classid = 'pg_class'::regclass and owned.refclassid = 'pg_class'::regclass
          and owned.refobjid = $1 and owned.deptype = 'a'
      union all
      select 6, true, format('alter index %s rename to %I', n.oid::regclass, o.relname)
        from indexes o join indexes n on n.definition = o.definition and n.twin = o.twin
        where o.indrelid = $1 and n.indrelid = $2
    ) carried(place, after_drop, statement)
    order by place";
