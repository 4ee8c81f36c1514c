-- What the tables $1 have besides their own make, as statements on a table of the same name that has the columns named;
-- without a statement it can't be had again. What has no words of its own is told with the thing that it is about. The
-- last flag: without this the table may not be replaced.
with t as (
  select c.*, n.nspname, c.oid::regclass::text as name, quote_ident(o.rolname) as owner
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_roles o on o.oid = c.relowner
  where c.oid = any($1)),
-- The columns that triggers, rules and policies speak of.
needs as (
  select d.classid, d.objid, d.refobjid as owner, array_agg(distinct a.attname::text) as columns
  from pg_depend d join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  where d.refclassid = 'pg_class'::regclass and d.refobjid = any($1) and d.refobjsubid > 0
    and d.classid in ('pg_trigger'::regclass, 'pg_rewrite'::regclass, 'pg_policy'::regclass)
  group by 1, 2, 3),
sequences as (
  select t.oid as owner, c.oid, c.relacl, c.oid::regclass::text as name, a.attname::text as for_column, t.relowner
  from t join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = t.oid and d.deptype = 'i'
         join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid and c.relkind = 'S'
         join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid),
grants as (
  select g.owner, g.place, g.object, g.columns, g.columns_text, e.is_grantable,
         case e.grantee when 0 then 'public' else quote_ident(r.rolname) end as grantee,
         string_agg(lower(e.privilege_type) || g.columns_text, ', ' order by e.privilege_type) as privileges
  from (select oid as owner, 11 as place, 'table ' || name as object, array[]::text[] as columns, '' as columns_text, relacl as acl
        from t
        union all
        select owner, 13, 'sequence ' || name, array[for_column], '', relacl from sequences
        union all
        select a.attrelid, 12, 'table ' || t.name, array[a.attname::text], ' (' || quote_ident(a.attname) || ')', a.attacl
        from t join pg_attribute a on a.attrelid = t.oid and not a.attisdropped) g
       cross join lateral aclexplode(g.acl) e
       left join pg_roles r on r.oid = e.grantee
  where e.grantee = 0 or r.oid is not null
  group by 1, 2, 3, 4, 5, 6, 7),
statistics as (
  select s.*, format('statistics %I.%I', n.nspname, s.stxname) as words
  from t join pg_statistic_ext s on s.stxrelid = t.oid join pg_namespace n on n.oid = s.stxnamespace),
triggers as (
  select t.oid as owner, t.name, g.oid, g.tgname, g.tgenabled, 'trigger ' || quote_ident(g.tgname) as words, n.columns
  from t join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal
         left join needs n on n.classid = 'pg_trigger'::regclass and n.objid = g.oid and n.owner = t.oid),
rules as (
  select t.oid as owner, t.name, r.oid, r.rulename, r.ev_enabled, 'rule ' || quote_ident(r.rulename) as words, n.columns
  from t join pg_rewrite r on r.ev_class = t.oid
         left join needs n on n.classid = 'pg_rewrite'::regclass and n.objid = r.oid and n.owner = t.oid),
policies as (
  select t.oid as owner, t.name, p.*, 'policy ' || quote_ident(p.polname) as words, n.columns
  from t join pg_policy p on p.polrelid = t.oid
         left join needs n on n.classid = 'pg_policy'::regclass and n.objid = p.oid and n.owner = t.oid),
published as (
  select t.oid as owner, t.name, 'publication ' || quote_ident(p.pubname) as words, quote_ident(p.pubname) as publication,
         pg_has_role(p.pubowner, 'USAGE') as ours,
         (select v.rowfilter from (select to_jsonb(x) ->> 'rowfilter' as rowfilter from pg_publication_tables x
           where x.pubname = p.pubname and x.schemaname = t.nspname
             and x.tablename = t.relname) v) as filter,
         array(select a.attname::text from pg_attribute a
               where a.attrelid = t.oid and a.attnum in (
                 select number::int from jsonb_array_elements_text(nullif(to_jsonb(r) -> 'prattrs', 'null')) number)
               order by a.attnum) as list
  from t join pg_publication_rel r on r.prrelid = t.oid join pg_publication p on p.oid = r.prpubid),
comments as (
  select t.oid as owner, 20 as place, null as words, null as about, array[]::text[] as columns, 'table ' || t.name as object, d.description
  from t join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = t.oid and d.objsubid = 0
  union all
  select t.oid, 21, null, null, array[a.attname::text], format('column %s.%I', t.name, a.attname), d.description
  from t join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = t.oid
         join pg_attribute a on a.attrelid = t.oid and a.attnum = d.objsubid
  union all
  select t.oid, 22, null, 'constraint ' || quote_ident(c.conname),
         array(select a.attname::text from pg_attribute a where c.contype = 'n' and a.attrelid = t.oid and a.attnum = any(c.conkey)),
         format('constraint %I on %s', c.conname, t.name), d.description
  from t join pg_constraint c on c.conrelid = t.oid
         join pg_description d on d.classoid = 'pg_constraint'::regclass and d.objoid = c.oid
  where c.contype <> 't'
  union all
  select t.oid, 22, null, 'index ' || quote_ident(c.relname), '{}', 'index ' || c.oid::regclass, d.description
  from t join pg_index i on i.indrelid = t.oid join pg_class c on c.oid = i.indexrelid
         join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = c.oid
  union all
  select t.oid, 22, null, s.words, '{}',
         s.words, d.description
  from t join statistics s on s.stxrelid = t.oid
         join pg_description d on d.classoid = 'pg_statistic_ext'::regclass and d.objoid = s.oid
  union all
  select s.owner, 22, null, null, array[s.for_column], 'sequence ' || s.name, d.description
  from sequences s join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = s.oid
  union all
  select g.owner, 42, null, g.words, g.columns, format('%s on %s', g.words, g.name), d.description
  from triggers g join pg_description d on d.classoid = 'pg_trigger'::regclass and d.objoid = g.oid
  union all
  select r.owner, 42, null, r.words, r.columns, format('%s on %s', r.words, r.name), d.description
  from rules r join pg_description d on d.classoid = 'pg_rewrite'::regclass and d.objoid = r.oid
  union all
  select p.owner, 42, null, p.words, p.columns, format('%s on %s', p.words, p.name), d.description
  from policies p join pg_description d on d.classoid = 'pg_policy'::regclass and d.objoid = p.oid)
select owner, words, about, coalesce(columns, '{}'), statement, coalesce(words like 'policy %', false) from (
  -- The owner's own rights come from nowhere if they are the usual ones.
  select t.oid as owner, 10 as place, null as words, null as about, array[]::text[] as columns,
         format('revoke all on table %s from %s', t.name, t.owner) as statement
  from t where t.relacl is not null
  union all
  select s.owner, 10, null, null, array[s.for_column],
         format('revoke all on sequence %s from %I', s.name, r.rolname)
  from sequences s join pg_roles r on r.oid = s.relowner where s.relacl is not null
  union all
  select owner, place, null, null, columns,
         format('grant %s on %s to %s%s', privileges, object, grantee, case when is_grantable then ' with grant option' else '' end)
  from grants
  union all
  select owner, place, words, about, columns, format('comment on %s is %L', object, description) from comments
  union all
  select t.oid, 23, null, s.words, '{}',
         format('alter %s owner to %I', s.words, r.rolname)
  from t join statistics s on s.stxrelid = t.oid join pg_roles r on r.oid = s.stxowner
  where r.rolname <> current_user
  union all
  select t.oid, 24, null, 'index ' || quote_ident(c.relname), '{}', format('alter table %s cluster on %I', t.name, c.relname)
  from t join pg_index i on i.indrelid = t.oid and i.indisclustered join pg_class c on c.oid = i.indexrelid
  union all
  select t.oid, 24, null, null, '{}',
         format('alter table %s replica identity %s', t.name, case t.relreplident when 'f' then 'full' else 'nothing' end)
  from t where t.relreplident in ('f', 'n')
  union all
  select t.oid, 24, null, 'index ' || quote_ident(c.relname), '{}',
         format('alter table %s replica identity using index %I', t.name, c.relname)
  from t join pg_index i on i.indrelid = t.oid and i.indisreplident join pg_class c on c.oid = i.indexrelid
  union all
  select owner, 40, words, null, columns, pg_get_triggerdef(oid) from triggers
  union all
  select owner, 41, null, words, columns, format('alter table %s %s %s', name,
           case tgenabled when 'D' then 'disable' when 'R' then 'enable replica' else 'enable always' end, words)
  from triggers where tgenabled <> 'O'
  union all
  select owner, 40, words, null, columns, rtrim(pg_get_ruledef(oid), ';') from rules
  union all
  select owner, 41, null, words, columns, format('alter table %s %s %s', name,
           case ev_enabled when 'D' then 'disable' when 'R' then 'enable replica' else 'enable always' end, words)
  from rules where ev_enabled <> 'O'
  union all
  select owner, 40, words, null, columns,
         concat_ws(' ', 'create', words, 'on', name, 'as', case when polpermissive then 'permissive' else 'restrictive' end,
           'for', case polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
           'to', (select string_agg(case who when 0 then 'public' else quote_ident(rolname) end, ', ')
                  from unnest(polroles) who left join pg_roles r on r.oid = who where who = 0 or r.oid is not null),
           'using (' || pg_get_expr(polqual, polrelid) || ')', 'with check (' || pg_get_expr(polwithcheck, polrelid) || ')')
  from policies
  union all
  select t.oid, 43, null, null, '{}', format('alter table %s enable row level security', t.name) from t where t.relrowsecurity
  union all
  select t.oid, 43, null, null, '{}', format('alter table %s force row level security', t.name) from t where t.relforcerowsecurity
  union all
  select owner, 44, words, null, list,
         case when ours then concat_ws(' ', format('alter publication %s add table only %s', publication, name),
           (select '(' || string_agg(quote_ident(one), ', ' order by n) || ')' from unnest(list) with ordinality l(one, n)),
           'where ' || filter) end
  from published
  union all
  select t.oid, 44, format('the rows that come, for subscribers of publication %I: only later changes reach them', v.pubname), null, '{}', null
  from t join pg_publication_tables v on v.schemaname = t.nspname and v.tablename = t.relname
  union all
  select t.oid, 45, 'security label of ' || quote_ident(l.provider), null, '{}',
         format('security label for %I on table %s is %L', l.provider, t.name, l.label)
  from t join pg_seclabel l on l.classoid = 'pg_class'::regclass and l.objoid = t.oid and l.objsubid = 0
  union all
  select t.oid, 45, format('security label of %I on column %I', l.provider, a.attname), null, array[a.attname::text],
         format('security label for %I on column %s.%I is %L', l.provider, t.name, a.attname, l.label)
  from t join pg_seclabel l on l.classoid = 'pg_class'::regclass and l.objoid = t.oid
         join pg_attribute a on a.attrelid = t.oid and a.attnum = l.objsubid
  union all
  -- It would have to have exactly the type's columns.
  select t.oid, 46, 'the type ' || format_type(t.reloftype, null) || ' that the table is of', null, '{}', null
  from t where t.reloftype <> 0
  union all
  -- A subscription that fills the old table knows it by its number.
  select t.oid, 47, 'subscription ' || quote_ident(s.subname), null, '{}', null
  from t join pg_subscription_rel r on r.srrelid = t.oid join pg_subscription s on s.oid = r.srsubid
) dressing(owner, place, words, about, columns, statement)
order by owner, place, statement
