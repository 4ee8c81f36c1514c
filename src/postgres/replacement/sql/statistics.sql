-- The extended statistics of the tables $1. The definition comes without the names in it.
select s.stxrelid, n.nspname, s.stxname, 'statistics ' || d.name,
       left(substr(d.definition, length('CREATE STATISTICS ' || d.name) + 1), -length(d.source)),
       (to_jsonb(s) ->> 'stxstattarget')::int,
       array(select a.attname::text from pg_attribute a
             where a.attrelid = s.stxrelid and a.attnum > 0 and (a.attnum = any(s.stxkeys::int2[]) or a.attnum in (
               select e.refobjsubid from pg_depend e
               where e.classid = 'pg_statistic_ext'::regclass and e.objid = s.oid
                 and e.refclassid = 'pg_class'::regclass and e.refobjid = s.stxrelid))
             order by 1)
from pg_statistic_ext s
     join pg_namespace n on n.oid = s.stxnamespace
     cross join lateral (
       select quote_ident(n.nspname) || '.' || quote_ident(s.stxname) as name,
              ' FROM ' || s.stxrelid::regclass as source, pg_get_statisticsobjdef(s.oid) as definition) d
where s.stxrelid = any($1)
order by s.stxrelid, d.name
