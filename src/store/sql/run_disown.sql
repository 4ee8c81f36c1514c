-- Gives back runs that are a daemon's and that it knows nothing of ($2 are those it knows), with the attempts that began as
-- they were claimed. Uses run_owned and attempt_running.
with stray as (
    select id
    from windlass.run
    where owner = $1 and id <> all ($2::uuid[])
    order by id
    for no key update
), closed as (
    update windlass.attempt
    set state = 'cancelled', ended_at = now(), failure = $3
    from stray
    where attempt.run = stray.id and attempt.state = 'running' and attempt.daemon = $1
)
update windlass.run
set state = 'queued', owner = null, waiting_for = null, waiting_since = null
from stray
where run.id = stray.id
returning run.id
