-- All jobs by name, or one ($1), each with its newest run, and the newest of its last thirty that ended in a way that says how the job is.
-- Uses run_of_job.
-- A job is named as one of a list and in the order: else, where one job has most of all runs, the planner would go through
-- run_newest to look for another's.
select job.name, job.definition, job.schedule, job.planned_through, job.next_due, job.paused_at, job.paused_by, job.pause_note,
       job.broken_at, job.problem,
       newest.id, newest.state, newest.scheduled_for, newest.created_at,
       coalesce(newest.round_started_at, newest.started_at) as started_at, newest.ended_at, newest.waiting_for,
       newest.trigger, settled.id as settled, settled.state as settled_state
from windlass.job
left join lateral (
    select run.*
    from windlass.run
    where run.job = any (array[job.name])
    order by run.job, run.created_at desc
    limit 1
) as newest on true
left join lateral (
    select latest.id, latest.state
    from (
        select run.id, run.state, run.created_at
        from windlass.run
        -- Said here and not of the join: what joins is compared after the subquery has been run for each job.
        where run.job = any (array[job.name]) and newest.state is distinct from 'succeeded'
        order by run.job, run.created_at desc
        limit 30
    ) as latest
    where latest.state in ('succeeded', 'failed')
    order by latest.created_at desc
    limit 1
) as settled on true
where job.retired_at is null and ($1::text is null or job.name = $1)
order by job.name
