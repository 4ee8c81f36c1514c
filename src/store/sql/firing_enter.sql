-- Enters firings unless another daemon did, and makes the runs of those that get one. A firing that was decided about by
-- a clock that was ahead is decided about anew; one that has run stays. Uses firing's primary key.
with entered as (
    insert into windlass.firing as firing (job, scheduled_for, state, reason, run, noticed_at)
    select due.*, $6::timestamptz
    from unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::uuid[]) as due
    on conflict (job, scheduled_for) do update
    set state = excluded.state, reason = excluded.reason, run = excluded.run, noticed_at = excluded.noticed_at
    where firing.state <> 'ran' and firing.noticed_at > excluded.noticed_at
    returning job, scheduled_for, run
), made as (
    insert into windlass.run (id, job, definition, state, trigger, params, scheduled_for)
    select entered.run, entered.job, job.definition, 'queued', 'schedule', planned.params, entered.scheduled_for
    from entered
    join windlass.job on job.name = entered.job
    join unnest($7::text[], $8::jsonb[]) as planned (name, params) on planned.name = entered.job
    where entered.run is not null
)
select job, scheduled_for from entered
