-- An attempt ended.
update windlass.attempt
set state = $4, ended_at = now(), outcome = $5, failure = $6
where run = $1 and step = $2 and number = $3 and state = 'running'
