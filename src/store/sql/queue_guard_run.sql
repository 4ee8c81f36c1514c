-- Guards the queues that a run is in or holds up: those of its locks and its job's. As queue_guard does. Uses lock_of_run.
select pg_advisory_xact_lock(key)
from (
    select hashtextextended(job, 2) as key from windlass.run where id = $1
    union
    select hashtextextended(name, 1) from windlass.lock_grant where run = $1 and released_at is null
    union
    select hashtextextended(name, 1) from windlass.lock_request where run = $1
    order by 1
) as keys
