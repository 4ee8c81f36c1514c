-- A job's deadlines have been looked at up to here, unless somebody else was quicker. Uses job's primary key.
update windlass.job
set deadline_from = $3
where name = $1 and deadline_from is not distinct from $2 and retired_at is null
returning definition
