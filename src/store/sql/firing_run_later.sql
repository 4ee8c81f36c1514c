-- Makes runs for due times of a job that have none, in the order of the runs' ids; those that ran stay as they are. Uses
-- firing's primary key.
with entered as (
    insert into windlass.firing as firing (job, scheduled_for, state, reason, run)
    select $1::text, asked.scheduled_for, 'ran', $4::text, asked.run
    from unnest($2::timestamptz[], $3::uuid[]) as asked (scheduled_for, run)
    on conflict (job, scheduled_for) do update
    set state = 'ran', reason = excluded.reason, run = excluded.run, noticed_at = excluded.noticed_at
    where firing.state <> 'ran'
    returning scheduled_for, run
), made as (
    insert into windlass.run (id, job, definition, state, trigger, params, scheduled_for, in_order)
    select entered.run, job.name, job.definition, 'queued', $5::text, $6::jsonb, entered.scheduled_for, $7::boolean
    from entered
    join windlass.job on job.name = $1
)
select scheduled_for, run from entered
order by run
