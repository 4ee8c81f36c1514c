//! What goes over from the old table to the new one within the swap.

/// Statements that carry over what the old table ($1) has to the new one ($2): the flag says which of them need the
/// old names to be free.
pub(super) const CARRY: &str = "
    with old as (select * from pg_class where oid = $1),
    new as (select c.*, c.oid::regclass::text as full_name from pg_class c where c.oid = $2),
    -- Columns of both, by name.
    columns as (
      select o.attname, o.attnum as old_number, n.attnum as new_number, o.attacl
      from pg_attribute o join pg_attribute n on n.attrelid = $2 and n.attname = o.attname and not n.attisdropped
      where o.attrelid = $1 and not o.attisdropped and o.attnum > 0),
    -- Indexes of both, by what they are: all of the definition but the names.
    indexes as (
      select i.indrelid, c.oid, c.relname,
             row_number() over (partition by i.indrelid, d.definition order by c.oid) as twin, d.definition
      from pg_index i join pg_class c on c.oid = i.indexrelid,
           lateral (select concat_ws('|', c.relam, i.indisunique, i.indisprimary, i.indclass, i.indcollation, i.indoption,
                      (select string_agg(pg_get_indexdef(i.indexrelid, k, false), ',' order by k)
                         from generate_series(1, i.indnatts) k),
                      pg_get_expr(i.indpred, i.indrelid)) as definition) d
      where i.indrelid in ($1, $2))
    select after_drop, statement from (
      select 1, false, format('alter table %s owner to %I', new.full_name, r.rolname)
        from old join pg_roles r on r.oid = old.relowner, new where new.relowner <> old.relowner
      union all
      select 2, false, format('revoke all on %s from %s', new.full_name,
                              case g.grantee when 0 then 'public' else quote_ident(r.rolname) end)
        from new, (select distinct grantee from new, aclexplode(new.relacl)) g left join pg_roles r on r.oid = g.grantee
        where g.grantee <> new.relowner
      union all
      select 3, false, format('grant %s on %s to %s%s', g.privilege_type, new.full_name,
                              case g.grantee when 0 then 'public' else quote_ident(r.rolname) end,
                              case when g.is_grantable then ' with grant option' else '' end)
        from old, new, aclexplode(old.relacl) g left join pg_roles r on r.oid = g.grantee
        where g.grantee <> old.relowner
      union all
      select 3, false, format('grant %s (%I) on %s to %s%s', g.privilege_type, c.attname, new.full_name,
                              case g.grantee when 0 then 'public' else quote_ident(r.rolname) end,
                              case when g.is_grantable then ' with grant option' else '' end)
        from new, columns c, aclexplode(c.attacl) g left join pg_roles r on r.oid = g.grantee
      union all
      select 4, false, format('comment on table %s is %L', new.full_name, obj_description($1, 'pg_class'))
        from new where obj_description($1, 'pg_class') is not null
      union all
      select 4, false, format('comment on column %s.%I is %L', new.full_name, c.attname, col_description($1, c.old_number))
        from new, columns c
        where col_description($1, c.old_number) is not null and col_description($2, c.new_number) is null
      union all
      -- A default that takes from the old table's sequence: the sequence must outlive the old table.
      select 5, false, format('alter sequence %s owned by %s.%I', s.oid::regclass, new.full_name, c.attname)
        from new, pg_depend owned join pg_class s on s.oid = owned.objid and s.relkind = 'S'
             join columns c on c.old_number = owned.refobjsubid
             join pg_attrdef def on def.adrelid = $2 and def.adnum = c.new_number
             join pg_depend used on used.classid = 'pg_attrdef'::regclass and used.objid = def.oid
                                    and used.refobjid = s.oid
        where owned.classid = 'pg_class'::regclass and owned.refclassid = 'pg_class'::regclass
          and owned.refobjid = $1 and owned.deptype = 'a'
      union all
      select 6, true, format('alter index %s rename to %I', n.oid::regclass, o.relname)
        from indexes o join indexes n on n.definition = o.definition and n.twin = o.twin
        where o.indrelid = $1 and n.indrelid = $2
    ) carried(place, after_drop, statement)
    order by place";
