-- Says what a run in the queue waits for.
update windlass.run
set state = 'waiting', waiting_for = $2
where id = $1
