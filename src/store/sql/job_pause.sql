-- Pauses a job, or says anew who paused it and why. Uses job's primary key.
update windlass.job
set paused_at = coalesce(paused_at, now()), paused_by = $2, pause_note = $3
where name = $1 and retired_at is null
