-- Asks for a run's end, once.
update windlass.run
set cancel_requested_at = now()
where id = $1 and cancel_requested_at is null and state in ('queued', 'waiting', 'running')
