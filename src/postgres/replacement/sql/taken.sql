-- Which of the names $2 in the schemas $1 are taken by something that does not go with the tables $3.
select n.nspname, c.relname
from unnest($1::text[], $2::text[]) w(schema, name)
     join pg_namespace n on n.nspname = w.schema
     join pg_class c on c.relnamespace = n.oid and c.relname = w.name
where not exists (select from pg_index i where i.indexrelid = c.oid and i.indrelid = any($3))
  and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
                  and d.refclassid = 'pg_class'::regclass and d.refobjid = any($3) and d.deptype = 'i')
