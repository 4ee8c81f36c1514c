-- What the catalogues say of the relations of this database, in words without numbers of objects.
with t as (select c.*, c.oid::regclass::text as name from pg_class c
           where c.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
             and c.relnamespace::regnamespace::text !~ '^pg_toast')
select line from (
  select concat_ws(' | ', 'relation', t.name, t.relkind, t.relpersistence, t.relreplident, t.relrowsecurity, t.relforcerowsecurity,
    t.reloptions::text, t.relowner::regrole, (select array_agg(a::text order by a::text) from unnest(t.relacl) a)::text,
    obj_description(t.oid, 'pg_class'), (select spcname from pg_tablespace where oid = t.reltablespace),
    (select amname from pg_am where oid = t.relam), t.relhasindex, t.relhasrules, t.relhastriggers, t.relchecks, t.relnatts,
    (select reloptions::text from pg_class toast where toast.oid = t.reltoastrelid)) as line
  from t
  union all
  select concat_ws(' | ', 'column', t.name, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
    a.attgenerated, a.attstorage, a.attcompression, a.attstattarget, a.attoptions::text, a.attacl::text,
    a.attcollation::regcollation, a.attisdropped, pg_get_expr(d.adbin, d.adrelid), col_description(t.oid, a.attnum))
  from t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
  union all
  select concat_ws(' | ', 'constraint', t.name, c.conname, c.contype, pg_get_constraintdef(c.oid), c.convalidated, c.condeferrable,
    c.condeferred, c.conindid::regclass, obj_description(c.oid, 'pg_constraint'))
  from t join pg_constraint c on c.conrelid = t.oid
  union all
  select concat_ws(' | ', 'index', t.name, pg_get_indexdef(i.indexrelid), i.indisclustered, i.indisreplident, i.indisvalid,
    i.indimmediate, i.indisprimary)
  from t join pg_index i on i.indexrelid = t.oid
  union all
  select concat_ws(' | ', 'trigger', t.name, pg_get_triggerdef(g.oid), g.tgenabled, obj_description(g.oid, 'pg_trigger'))
  from t join pg_trigger g on g.tgrelid = t.oid and not tgisinternal
  union all
  select concat_ws(' | ', 'rule', t.name, pg_get_ruledef(r.oid), r.ev_enabled, obj_description(r.oid, 'pg_rewrite'))
  from t join pg_rewrite r on r.ev_class = t.oid
  union all
  select concat_ws(' | ', 'policy', t.name, p.polname, p.polcmd, p.polpermissive, p.polroles::regrole[]::text,
    pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), obj_description(p.oid, 'pg_policy'))
  from t join pg_policy p on p.polrelid = t.oid
  union all
  select concat_ws(' | ', 'statistics', s.stxnamespace::regnamespace, pg_get_statisticsobjdef(s.oid), s.stxowner::regrole,
    to_jsonb(s) ->> 'stxstattarget', obj_description(s.oid, 'pg_statistic_ext'))
  from pg_statistic_ext s
  union all
  select concat_ws(' | ', 'sequence', t.name, s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmax, s.seqmin, s.seqcache, s.seqcycle,
    pg_sequence_last_value(t.oid), (select d.refobjid::regclass || '.' || d.refobjsubid || d.deptype::text from pg_depend d
    where d.classid = 'pg_class'::regclass and d.objid = t.oid and d.deptype in ('a', 'i')))
  from t join pg_sequence s on s.seqrelid = t.oid
  union all
  select concat_ws(' | ', 'publication', to_jsonb(p) - 'oid' - 'prattrs')::text from (
    select to_jsonb(v) as p from pg_publication_tables v) p
) lines(line) order by line
