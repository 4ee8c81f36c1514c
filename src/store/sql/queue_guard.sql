-- Guards queues until the transaction ends: those of jobs ($1), those of locks ($2), and those that runs are in already
-- ($3). The keys are taken in order, so that two who guard several queues can't wait for each other; the seeds keep jobs
-- and locks apart.
select pg_advisory_xact_lock(key)
from (
    select hashtextextended(job, 2) as key from unnest($1::text[]) as job
    union
    select hashtextextended(name, 1) from unnest($2::text[]) as name
    union
    select hashtextextended(name, 1) from windlass.lock_request where run = any ($3::uuid[])
    order by 1
) as keys
