-- The first attempt, of the run and of its round, says when they started.
update windlass.run
set started_at = coalesce(started_at, now()), round_started_at = coalesce(round_started_at, now())
where id = $1 and owner is not distinct from $2 and (started_at is null or round_started_at is null)
