-- A thousand jobs that load tables each night, with runs of the last days: most succeed, some fail.
insert into windlass.definition (hash, job, source, resolved, base)
select 'load-' || n, 'load-' || to_char(n, 'FM0000'), 'job: load-' || to_char(n, 'FM0000'),
       jsonb_set(jsonb_set(definition.resolved, '{name}', to_jsonb('load-' || to_char(n, 'FM0000'))),
                 '{description}', to_jsonb('Table ' || n || ' of the warehouse, each night')),
       '/'
from generate_series(1, 1000) as n
cross join (select resolved from windlass.definition where job = 'nasdaq-daily' limit 1) as definition;

insert into windlass.job (name, definition, schedule, next_due)
select job, hash, resolved -> 'schedule', now() + interval '8 hours'
from windlass.definition
where hash like 'load-%';

insert into windlass.run (id, job, definition, state, trigger, scheduled_for, created_at, queued_at, started_at, round_started_at, ended_at)
select gen_random_uuid(), 'load-' || to_char(n, 'FM0000'), 'load-' || n,
       case when (n * 31 + r * 17) % 97 = 0 then 'failed' else 'succeeded' end, 'schedule', at, at, at, at, at,
       at + make_interval(secs => 30 + (n * 7 + r * 13) % 60)
from generate_series(1, 1000) as n
cross join generate_series(1, :runs) as r
cross join lateral (select now() - make_interval(mins => r * 30, secs => n) as at) as made;

analyze windlass.run, windlass.job, windlass.definition;
