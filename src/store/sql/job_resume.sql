-- Ends a job's pause. Uses job's primary key.
update windlass.job
set paused_at = null, paused_by = null, pause_note = null
where name = $1
