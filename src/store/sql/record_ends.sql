-- Attempts of several runs ended, and with them the turns that their steps had reserved, where the run is this daemon's.
-- The runs are named twice, so that even a plan that was made for empty tables reads only them. Uses the
-- primary keys of run and attempt, lock_request_of_run and lock_of_run.
with ended as (
    select facts.*
    from unnest($2::uuid[], $3::integer[], $4::integer[], $5::text[], $6::jsonb[], $7::jsonb[])
        as facts (run, step, number, state, outcome, failure)
    join windlass.run on run.id = facts.run
    where run.id = any ($2::uuid[]) and run.owner is not distinct from $1
), left_queue as (
    delete from windlass.lock_request as request using ended
    where request.run = any ($2::uuid[]) and request.run = ended.run and request.step = -2 - ended.step
), given_back as (
    delete from windlass.lock_grant as held using ended
    where held.run = any ($2::uuid[]) and held.run = ended.run and held.step = -2 - ended.step and held.released_at is null
)
update windlass.attempt
set state = ended.state, ended_at = now(), outcome = ended.outcome, failure = ended.failure
from ended
where attempt.run = any ($2::uuid[]) and attempt.run = ended.run and attempt.step = ended.step and attempt.number = ended.number
  and attempt.state || '' = 'running'
