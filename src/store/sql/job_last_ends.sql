-- Each job with the end of its last successful run, and of its last run if that failed: looking for a failure further
-- back would read all runs of a job that never fails. Uses run_of_job.
-- A job is named as one of a list and in the order: else, where one job has most of all runs, the planner would go through
-- run_newest to look for another's.
select job.name, success.ended_at as success, failure.ended_at as failure
from windlass.job
left join lateral (
    select run.ended_at
    from windlass.run
    where run.job = any (array[job.name]) and run.state = 'succeeded'
    order by run.job, run.created_at desc
    limit 1
) as success on true
left join lateral (
    select run.state, run.ended_at
    from windlass.run
    where run.job = any (array[job.name]) and run.state in ('succeeded', 'failed')
    order by run.job, run.created_at desc
    limit 1
) as failure on failure.state = 'failed'
where job.retired_at is null
