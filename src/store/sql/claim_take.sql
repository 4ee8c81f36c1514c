-- Makes a run this daemon's.
update windlass.run
set state = 'running', owner = $2, waiting_for = null, waiting_since = null
where id = $1
