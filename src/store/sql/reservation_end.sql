-- A step gives up a turn, or its place in the queue. Uses lock_of_run.
with left_queue as (
    delete from windlass.lock_request
    where run = $1 and step = $2 and name = $3
)
delete from windlass.lock_grant
where run = $1 and step = $2 and name = $3 and released_at is null
