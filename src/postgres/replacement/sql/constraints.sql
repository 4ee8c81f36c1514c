-- The constraints of the tables $1, without NOT NULL (a matter of columns) and constraint triggers (triggers).
select c.conrelid, c.conname, 'constraint ' || quote_ident(c.conname), c.contype::text, d.definition,
       array(select a.attname::text from pg_attribute a
             where a.attrelid = c.conrelid and a.attnum = any(c.conkey) order by 1),
       -- The whole row stands there under the table's own name, which the new table doesn't have yet.
       coalesce(0 = any(c.conkey), false),
       c.convalidated, coalesce((to_jsonb(c) ->> 'conenforced')::bool, true),
       case when c.condeferrable then ' deferrable' else '' end ||
         case when c.condeferred then ' initially deferred' else '' end,
       -- Its index, where it can't be built beforehand.
       case when c.contype = 'x' or coalesce((to_jsonb(c) ->> 'conperiod')::bool, false)
            then (select i.relname from pg_class i where i.oid = c.conindid) end,
       -- A foreign key: where it leads, its definition before and behind that name, and the index of the other side.
       nullif(c.confrelid, 0), r.name, left(d.definition, length(r.head)),
       substr(d.definition, length(r.head || r.name) + 1),
       (select i.relname from pg_class i where i.oid = c.conindid)
from pg_constraint c
     cross join lateral (
       select regexp_replace(pg_get_constraintdef(c.oid), ' NOT VALID$', '') as definition) d
     left join lateral (
       select 'FOREIGN KEY (' || string_agg(
                case when k.place = cardinality(c.conkey) and (to_jsonb(c) ->> 'conperiod')::bool then 'PERIOD ' else '' end
                || quote_ident(a.attname), ', ' order by k.place) || ') REFERENCES ' as head,
              c.confrelid::regclass::text as name
       from unnest(c.conkey) with ordinality k(number, place)
            join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.number) r on c.contype = 'f'
where c.conrelid = any($1) and c.contype in ('c', 'p', 'u', 'x', 'f')
order by c.conrelid, c.contype, c.conname
