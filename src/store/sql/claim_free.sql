-- Makes runs in line this daemon's, except those that somebody else is busy with, if the daemon wasn't given up.
with held as (
    select id
    from windlass.run
    where id = any ($1::uuid[]) and state = 'queued'
      and exists (select from windlass.daemon where id = $2 and ended_at is null)
    for no key update skip locked
)
update windlass.run
set state = 'running', owner = $2, waiting_for = null
from held
where run.id = held.id
returning run.id, round, from_step, round_started_at, cancel_requested_at is not null as cancelled
