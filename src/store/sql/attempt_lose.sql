-- Marks a lost daemon's running attempts, and gives back the turns that their steps had reserved. Uses attempt_running
-- and lock_of_run.
with lost as (
    select run, -2 - step as place from windlass.attempt
    where daemon = $1 and state = 'running'
), left_queue as (
    delete from windlass.lock_request as request using lost
    where request.run = lost.run and request.step = lost.place
), given_back as (
    delete from windlass.lock_grant as held using lost
    where held.run = lost.run and held.step = lost.place and held.released_at is null
)
update windlass.attempt
set state = 'lost', ended_at = now(), failure = $2
where daemon = $1 and state = 'running'
