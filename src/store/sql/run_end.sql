-- A run ended.
update windlass.run
set state = $2, ended_at = now(), owner = null, waiting_for = null, failure = $3
where id = $1
