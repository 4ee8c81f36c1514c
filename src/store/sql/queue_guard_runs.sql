-- Guards the queues that runs are in or hold up: those of their locks and of their jobs. As queue_guard does. Uses run's primary
-- key and lock_of_run.
select pg_advisory_xact_lock(key)
from (
    select hashtextextended(job, 2) as key from windlass.run where id = any ($1::uuid[])
    union
    select hashtextextended(name, 1) from windlass.lock_grant where run = any ($1::uuid[]) and released_at is null
    union
    select hashtextextended(name, 1) from windlass.lock_request where run = any ($1::uuid[])
    order by 1
) as keys
