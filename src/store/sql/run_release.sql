-- Frees locks of a run that is this daemon's: one step's, or all of them and its places in queues (step null). Uses
-- lock_of_run.
with owned as (
    select from windlass.run
    where id = $1 and owner is not distinct from $2
), left_queue as (
    delete from windlass.lock_request
    where run = $1 and ($3::integer is null or step = $3) and exists (select from owned)
)
update windlass.lock_grant
set released_at = now()
where run = $1 and released_at is null and ($3::integer is null or step = $3) and exists (select from owned)
