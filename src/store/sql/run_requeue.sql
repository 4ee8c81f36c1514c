-- A run that is this daemon's goes back to its old place in the queue.
update windlass.run
set state = 'queued', owner = null, waiting_for = null, waiting_since = null
where id = $1 and owner is not distinct from $2
