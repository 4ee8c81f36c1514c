-- Frees a run's locks: one step's, or all of them and its places in queues (step null). Uses lock_of_run.
with left_queue as (
    delete from windlass.lock_request
    where run = $1 and ($2::integer is null or step = $2)
)
update windlass.lock_grant
set released_at = now()
where run = $1 and released_at is null and ($2::integer is null or step = $2)
