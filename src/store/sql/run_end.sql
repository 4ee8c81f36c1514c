-- A run that is this daemon's ended.
update windlass.run
set state = $3, ended_at = now(), owner = null, waiting_for = null, waiting_since = null, failure = $4
where id = $1 and owner is not distinct from $2
