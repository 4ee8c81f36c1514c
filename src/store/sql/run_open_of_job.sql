-- Whether a job has a run that hasn't ended. Uses run_of_job.
select exists (
    select from windlass.run
    where job = $1 and state in ('queued', 'waiting', 'running')
) as open
