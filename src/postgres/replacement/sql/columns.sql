-- The columns of the tables $1, in their order.
select a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod),
       -- The type below a domain: rows come as that.
       b.type, format_type(b.type, b.modifier),
       (select array[n.nspname, c.collname]::text[]
        from pg_collation c join pg_namespace n on n.oid = c.collnamespace
        where c.oid = a.attcollation and a.attcollation <> t.typcollation),
       a.attnotnull,
       -- From PostgreSQL 18 on, NOT NULL is a constraint with a name.
       nn.conname, coalesce(nn.connoinherit, false), coalesce(nn.convalidated, true),
       pg_get_expr(d.adbin, d.adrelid),
       case a.attgenerated when 's' then 'stored' when 'v' then 'virtual' end,
       case a.attidentity when 'a' then 'always' when 'd' then 'by default' end,
       array(select n.attname::text
             from pg_depend p join pg_attribute n on n.attrelid = p.refobjid and n.attnum = p.refobjsubid
             where p.classid = 'pg_attrdef'::regclass and p.objid = d.oid and p.refclassid = 'pg_class'::regclass
               and p.refobjid = a.attrelid and p.refobjsubid not in (0, a.attnum)
             order by 1),
       array_remove(array[
         case when a.attstorage <> t.typstorage then 'set storage ' ||
           case a.attstorage when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main' else 'extended' end end,
         case a.attcompression when 'p' then 'set compression pglz' when 'l' then 'set compression lz4' end], null),
       array_remove(array[
         case when a.attstattarget >= 0 then 'set statistics ' || a.attstattarget end,
         (select 'set (' || string_agg(format('%I = %L', o.name, o.value), ', ' order by o.place) || ')'
          from pg_options_to_table(a.attoptions) with ordinality o(name, value, place))], null),
       sequence.name, sequence.options
from pg_attribute a
     join pg_type t on t.oid = a.atttypid
     cross join lateral (
       with recursive below(type, modifier) as (
         select a.atttypid, a.atttypmod
         union all
         select domain.typbasetype, domain.typtypmod
         from below join pg_type domain on domain.oid = below.type and domain.typtype = 'd')
       select below.type, below.modifier
       from below join pg_type base on base.oid = below.type and base.typtype <> 'd') b
     left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     left join pg_constraint nn on nn.conrelid = a.attrelid and nn.contype = 'n' and nn.conkey = array[a.attnum]
     left join lateral (
       select c.relname as name,
              concat_ws(' ', 'start with', s.seqstart, 'increment by', s.seqincrement,
                case when s.seqmin <> case when s.seqincrement > 0 then 1 else -limits.top - 1 end
                     then 'minvalue ' || s.seqmin end,
                case when s.seqmax <> case when s.seqincrement > 0 then limits.top else -1 end
                     then 'maxvalue ' || s.seqmax end,
                'cache', s.seqcache, case when s.seqcycle then 'cycle' end) as options
       from pg_depend p
            join pg_class c on c.oid = p.objid and c.relkind = 'S'
            join pg_sequence s on s.seqrelid = c.oid
            cross join lateral (select case s.seqtypid when 'int2'::regtype then 32767 when 'int4'::regtype then 2147483647
                                       else 9223372036854775807 end as top) limits
       where p.classid = 'pg_class'::regclass and p.refclassid = 'pg_class'::regclass and p.deptype = 'i'
         and p.refobjid = a.attrelid and p.refobjsubid = a.attnum) sequence on a.attidentity <> ''
where a.attrelid = any($1) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum
