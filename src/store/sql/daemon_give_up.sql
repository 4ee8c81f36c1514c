-- Gives up a daemon whose lease has lapsed or whose process is gone ($2). Uses daemon's primary key.
update windlass.daemon
set ended_at = now(), lost = true
where id = $1 and ended_at is null and (lease_until < now() or $2)
