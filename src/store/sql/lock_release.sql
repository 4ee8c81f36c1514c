-- Frees all of a run's locks and its places in queues. Uses lock_of_run.
with left_queue as (
    delete from windlass.lock_request
    where run = $1
)
update windlass.lock_grant
set released_at = now()
where run = $1 and released_at is null
