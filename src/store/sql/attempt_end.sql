-- An attempt ended, and with it the turns that its step had reserved, if the run is this daemon's. Uses lock_of_run.
with owned as (
    select from windlass.run
    where id = $1 and owner is not distinct from $2
), left_queue as (
    delete from windlass.lock_request
    where run = $1 and step = -2 - $3::integer and exists (select from owned)
), given_back as (
    delete from windlass.lock_grant
    where run = $1 and step = -2 - $3::integer and released_at is null and exists (select from owned)
)
update windlass.attempt
set state = $5, ended_at = now(), outcome = $6, failure = $7
where run = $1 and step = $3 and number = $4 and state = 'running' and exists (select from owned)
