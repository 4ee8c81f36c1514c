-- Runs that are this daemon's ended. Whoever watches them is told. Uses run's primary key.
update windlass.run
set state = facts.state, ended_at = now(), owner = null, waiting_for = null, waiting_since = null,
    failure = facts.failure
from unnest($2::uuid[], $3::text[], $4::jsonb[], $5::text[]) as facts (run, state, failure, hint)
where run.id = any ($2::uuid[]) and run.id = facts.run and run.owner is not distinct from $1
returning pg_notify($6, facts.hint)
