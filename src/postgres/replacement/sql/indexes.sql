-- The indexes of the tables $1. The definition comes in two parts, behind the names: before and from the predicate.
select i.indrelid, c.relname, 'index ' || quote_ident(c.relname), i.indisunique, i.indisvalid,
       case when p.found then left(d.definition, -length(p.predicate)) else d.definition end,
       case when p.found then p.predicate else '' end,
       s.spcname,
       array(select a.attname::text from pg_attribute a
             where a.attrelid = i.indrelid and a.attnum > 0 and (a.attnum = any(i.indkey::int2[]) or a.attnum in (
               select e.refobjsubid from pg_depend e
               where e.classid = 'pg_class'::regclass and e.objid = i.indexrelid
                 and e.refclassid = 'pg_class'::regclass and e.refobjid = i.indrelid))
             order by 1),
       -- The whole row in an expression stands there under the table's own name.
       coalesce(i.indexprs::text ~ ':varattno 0 ', false) or coalesce(i.indpred::text ~ ':varattno 0 ', false),
       array(select format('alter column %s set statistics %s', a.attnum, a.attstattarget) from pg_attribute a
             where a.attrelid = i.indexrelid and a.attstattarget >= 0 order by a.attnum),
       k.conname, coalesce(k.contype = 'x' or (to_jsonb(k) ->> 'conperiod')::bool, false)
from pg_index i
     join pg_class c on c.oid = i.indexrelid
     join pg_database b on b.datname = current_database()
     join pg_tablespace s on s.oid = coalesce(nullif(c.reltablespace, 0), b.dattablespace)
     left join pg_constraint k on k.conindid = i.indexrelid and k.conrelid = i.indrelid and k.contype in ('p', 'u', 'x')
     cross join lateral (
       select substr(pg_get_indexdef(i.indexrelid), 1 + length(
         format('CREATE %sINDEX %I ON %s', case when i.indisunique then 'UNIQUE ' else '' end, c.relname,
                i.indrelid::regclass))) as definition) d
     cross join lateral (select ' WHERE ' || pg_get_expr(i.indpred, i.indrelid) as predicate) w
     cross join lateral (
       select w.predicate, coalesce(right(d.definition, length(w.predicate)) = w.predicate, false) as found) p
where i.indrelid = any($1)
order by i.indrelid, c.relname
