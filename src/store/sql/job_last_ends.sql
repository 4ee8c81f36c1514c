-- Each job with the end of its last successful run, and of its last run if that failed: looking for a failure further
-- back would read all runs of a job that never fails. Uses run_of_job.
select job.name, success.ended_at as success, failure.ended_at as failure
from windlass.job
left join lateral (
    select run.ended_at
    from windlass.run
    where run.job = job.name and run.state = 'succeeded'
    order by run.created_at desc
    limit 1
) as success on true
left join lateral (
    select run.state, run.ended_at
    from windlass.run
    where run.job = job.name and run.state in ('succeeded', 'failed')
    order by run.created_at desc
    limit 1
) as failure on failure.state = 'failed'
where job.retired_at is null
