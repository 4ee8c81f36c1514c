-- A run that is this daemon's, and whose next step has to wait for a lock, goes back to its old place in the line and
-- leaves room for others.
update windlass.run
set state = 'queued', owner = null, waiting_for = $3, waiting_since = now()
where id = $1 and owner is not distinct from $2
