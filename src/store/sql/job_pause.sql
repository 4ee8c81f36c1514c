-- Pauses or resumes a job. Uses job's primary key.
update windlass.job
set paused_at = case when $2 then coalesce(paused_at, now()) end
where name = $1 and retired_at is null
