-- An attempt ended, and with it the turns that its step had reserved. Uses lock_of_run.
with left_queue as (
    delete from windlass.lock_request
    where run = $1 and step = -2 - $2::integer
), given_back as (
    delete from windlass.lock_grant
    where run = $1 and step = -2 - $2::integer and released_at is null
)
update windlass.attempt
set state = $4, ended_at = now(), outcome = $5, failure = $6
where run = $1 and step = $2 and number = $3 and state = 'running'
