-- Ends a run that can't even start.
update windlass.run
set state = 'failed', ended_at = now(), failure = $2, waiting_for = null, waiting_since = null
where id = $1
