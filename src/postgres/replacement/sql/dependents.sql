-- What hangs on the tables $1 from outside of them all, so that a DROP of all of them without CASCADE would stop.
with targets as (
  select 'pg_class'::regclass as class, c.oid, c.oid as owner from pg_class c where c.oid = any($1)
  union all
  select 'pg_type'::regclass, t.oid, c.oid
  from pg_class c join pg_type t on t.oid = c.reltype or t.typelem = c.reltype
  where c.oid = any($1) and c.reltype <> 0
  union all
  select 'pg_constraint'::regclass, oid, conrelid from pg_constraint where conrelid = any($1))
select t.owner, case
         when d.classid = 'pg_rewrite'::regclass then
           (select case c.relkind when 'm' then 'materialized view ' when 'v' then 'view ' else 'a rule of ' end || c.oid::regclass::text
              from pg_rewrite r join pg_class c on c.oid = r.ev_class where r.oid = d.objid)
         else pg_describe_object(d.classid, d.objid, d.objsubid) end
from targets t join pg_depend d on d.refclassid = t.class and d.refobjid = t.oid and d.deptype = 'n'
-- Without what belongs to the tables themselves.
where coalesce(case d.classid
        when 'pg_class'::regclass then coalesce((select indrelid from pg_index where indexrelid = d.objid), d.objid)
        when 'pg_attrdef'::regclass then (select adrelid from pg_attrdef where oid = d.objid)
        when 'pg_constraint'::regclass then (select conrelid from pg_constraint where oid = d.objid)
        when 'pg_rewrite'::regclass then (select ev_class from pg_rewrite where oid = d.objid)
        when 'pg_trigger'::regclass then (select tgrelid from pg_trigger where oid = d.objid)
        when 'pg_policy'::regclass then (select polrelid from pg_policy where oid = d.objid)
        when 'pg_publication_rel'::regclass then (select prrelid from pg_publication_rel where oid = d.objid)
      end <> all($1), true)
union
select d.objid, 'the extension ' || quote_ident(e.extname) || ', which it is part of'
from pg_depend d join pg_extension e on d.refclassid = 'pg_extension'::regclass and e.oid = d.refobjid
where d.classid = 'pg_class'::regclass and d.objid = any($1) and d.deptype = 'e'
order by 1, 2
