-- Says what a run in the queue waits for.
update windlass.run
set state = 'waiting', waiting_for = $2, waiting_since = coalesce(waiting_since, now())
where id = $1
