-- Jobs by name with their newest run; all, or the one that is named. Uses run_of_job.
-- A job is named as one of a list and in the order: else, where one job has most of all runs, the planner would go through
-- run_newest to look for another's.
select job.name, definition.resolved ->> 'description' as description, job.schedule, job.planned_through, job.paused_at,
       job.broken_at, job.problem,
       newest.state as last_state, newest.created_at as last_run_at, newest.id as last_run
from windlass.job
join windlass.definition on definition.hash = job.definition
left join lateral (
    select run.state, run.created_at, run.id
    from windlass.run
    where run.job = any (array[job.name])
    order by run.job, run.created_at desc
    limit 1
) as newest on true
where job.retired_at is null and ($1::text is null or job.name = $1)
order by job.name
