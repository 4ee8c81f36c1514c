-- Parts of the new tables $1 whose names begin with the table's hidden name $2: what is altered, how it is renamed up to
-- the new name, its schema and name, and whether the name counts in the whole schema.
select m.place, format('alter table %s rename constraint %I to', m.oid::regclass, c.conname), n.nspname, c.conname, false
from unnest($1::oid[], $2::text[]) with ordinality m(oid, hidden, place)
     join pg_constraint c on c.conrelid = m.oid and c.contype in ('c', 'f', 'n') and starts_with(c.conname, m.hidden || '_')
     join pg_namespace n on n.oid = c.connamespace
union all
select m.place, format('alter %s %s rename to', case r.relkind when 'S' then 'sequence' else 'index' end, r.oid::regclass),
       n.nspname, r.relname, true
from unnest($1::oid[], $2::text[]) with ordinality m(oid, hidden, place)
     join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = m.oid and d.deptype in ('a', 'i')
       and d.classid in ('pg_class'::regclass, 'pg_constraint'::regclass)
     join pg_class r on r.relkind in ('i', 'S') and starts_with(r.relname, m.hidden || '_')
       and r.oid = case d.classid when 'pg_class'::regclass then d.objid
                     else (select k.conindid from pg_constraint k where k.oid = d.objid and k.contype in ('p', 'u', 'x')) end
     join pg_namespace n on n.oid = r.relnamespace
group by 1, 2, 3, 4, 5
order by 1, 4
