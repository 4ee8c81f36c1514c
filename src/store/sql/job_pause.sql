-- Pauses a job. Uses job's primary key.
update windlass.job
set paused_at = coalesce(paused_at, now())
where name = $1 and retired_at is null
