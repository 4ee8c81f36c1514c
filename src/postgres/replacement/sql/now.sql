-- The tables of the names $1, in that order: number, owner, and what takes back what default privileges have given.
select n.place, c.oid, o.rolname,
       array(select format('revoke all on %s %s from %s', what.word, what.oid::regclass,
                           case g.grantee when 0 then 'public' else quote_ident(r.rolname) end)
             from (select 'table' as word, c.oid, c.relacl
                   union all
                   select 'sequence', s.oid, s.relacl
                   from pg_depend d join pg_class s on d.classid = 'pg_class'::regclass and s.oid = d.objid and s.relkind = 'S'
                   where d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid and d.deptype = 'i') what
                  cross join lateral (select distinct grantee from aclexplode(what.relacl)) g
                  left join pg_roles r on r.oid = g.grantee
             where g.grantee <> c.relowner and (g.grantee = 0 or r.oid is not null))
from unnest($1::text[]) with ordinality n(name, place)
     left join pg_class c on c.oid = to_regclass(n.name)
     left join pg_roles o on o.oid = c.relowner
order by n.place
