-- Ends a daemon's lease at its own wish.
update windlass.daemon
set ended_at = now()
where id = $1 and ended_at is null
