-- What stands at the places of the tables $1: of what kind, whose, and what the table as a whole is made with. Asked
-- with an empty search path, as all of these files are, so that every name comes out with its schema.
select c.oid,
       case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
         when 'm' then 'materialized view' when 'f' then 'foreign table' when 'S' then 'sequence'
         when 'i' then 'index' else 'relation of kind ' || c.relkind::text end,
       array(select case when i.inhrelid = c.oid then i.inhparent else i.inhrelid end::regclass::text
             from pg_inherits i where c.oid in (i.inhrelid, i.inhparent) order by 1),
       pg_has_role(c.relowner, 'USAGE'),
       o.rolname,
       -- Whether we may give a new table to the owner of the old one.
       u.rolsuper or o.rolname = current_user
         or (pg_has_role(c.relowner, 'MEMBER') and has_schema_privilege(c.relowner, c.relnamespace, 'CREATE')),
       (select am.amname from pg_am am where am.oid = c.relam),
       s.spcname,
       array(select format('%s%I = %L', parameters.prefix, o.name, o.value)
             from (select '' as prefix, c.reloptions as options
                   union all
                   select 'toast.', toast.reloptions from pg_class toast where toast.oid = c.reltoastrelid) parameters,
                  pg_options_to_table(parameters.options) with ordinality o(name, value, place)
             order by parameters.prefix, o.place)
from pg_class c
     join pg_roles o on o.oid = c.relowner
     join pg_roles u on u.rolname = current_user
     join pg_database d on d.datname = current_database()
     left join pg_tablespace s on s.oid = coalesce(nullif(c.reltablespace, 0), d.dattablespace)
where c.oid = any($1)
