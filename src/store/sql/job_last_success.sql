-- Each job with the end of its last successful run. Uses run_of_job.
select job.name, success.ended_at
from windlass.job
left join lateral (
    select run.ended_at
    from windlass.run
    where run.job = job.name and run.state = 'succeeded'
    order by run.created_at desc
    limit 1
) as success on true
where job.retired_at is null
