-- The newest runs of jobs ($1), so many ($2) of each, oldest first. Uses run_of_job.
-- A job is named as one of a list and in the order: else, where one job has most of all runs, the planner would go through
-- run_newest to look for another's.
select run.*
from unnest($1::text[]) as wanted (job)
cross join lateral (
    select run.job, run.id, run.state, run.scheduled_for, run.created_at, run.trigger, run.waiting_for,
           coalesce(run.round_started_at, run.started_at) as started_at, run.ended_at
    from windlass.run
    where run.job = any (array[wanted.job])
    order by run.job, run.created_at desc
    limit $2
) as run
order by run.job, run.created_at
