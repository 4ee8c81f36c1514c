-- A state database with many jobs and runs: one run each five seconds, by turns of all jobs; each fiftieth failed.
-- Needs a job `model` with a definition, and a daemon.
insert into windlass.definition (hash, job, source, resolved, base)
select md5(name), name, source, jsonb_set(resolved, '{name}', to_jsonb(name)), base
from windlass.definition, (select 'job-' || lpad(n::text, 6, '0') as name from generate_series(1, :jobs) as n) as names
where job = 'model';
insert into windlass.job (name, definition, schedule, planned_through, next_due, paused_at)
select job, hash, (select schedule from windlass.job where name = 'model'), now(), now() + interval '1 day', now()
from windlass.definition where job <> 'model';
insert into windlass.run (id, job, definition, state, trigger, params, scheduled_for, created_at, started_at, ended_at)
select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8'
        || substr(md5(n::text), 4, 15))::uuid,
       job, md5(job), case when n % 50 = 0 then 'failed' else 'succeeded' end, 'schedule', '{}', at, at, at, at + interval '3 s'
from (select n, 'job-' || lpad((n % :jobs + 1)::text, 6, '0') as job, now() - (:runs + 12 - n) * interval '5 s' as at
      from generate_series(1, :runs) as n) as made;
insert into windlass.attempt (run, step, number, round, state, daemon, started_at, ended_at, outcome)
select id, 0, 1, 1, state, (select id from windlass.daemon limit 1), started_at, ended_at, '{"rows": 5}'
from windlass.run;
vacuum analyze;
