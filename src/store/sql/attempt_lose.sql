-- Marks a lost daemon's running attempts. Uses attempt_running.
update windlass.attempt
set state = 'lost', ended_at = now(), failure = $2
where daemon = $1 and state = 'running'
