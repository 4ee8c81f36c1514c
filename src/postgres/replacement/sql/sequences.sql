-- The sequences that columns of the tables $1 own (`serial`), without those of identity columns.
select d.refobjid, a.attname, c.oid::regclass::text
from pg_depend d
     join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid and c.relkind = 'S'
     join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
where d.refclassid = 'pg_class'::regclass and d.refobjid = any($1) and d.deptype = 'a'
order by 1, 3
