-- Makes runs in line this daemon's, except those that somebody else is busy with, if the daemon wasn't given up. A run that
-- never started starts with its first step's first attempt. Uses run's primary key, and the condition on the state is none
-- that an index has, or the whole line would be read for a few runs of it.
with held as (
    select id, started_at is null and round = 1 and from_step = 0 and cancel_requested_at is null as begins
    from windlass.run
    where id = any ($1::uuid[]) and state || '' = 'queued'
      and exists (select from windlass.daemon where id = $2 and ended_at is null)
    for no key update skip locked
), begun as (
    insert into windlass.attempt (run, step, number, round, state, daemon)
    select id, 0, 1, 1, 'running', $2
    from held
    where begins and not exists (select from windlass.attempt where attempt.run = held.id)
    returning run
)
update windlass.run
set state = 'running', owner = $2, waiting_for = null, waiting_since = null,
    started_at = case when begun.run is null then started_at else now() end,
    round_started_at = case when begun.run is null then round_started_at else now() end
from held
left join begun on begun.run = held.id
where run.id = held.id
returning run.id, round, from_step, round_started_at, cancel_requested_at is not null as cancelled,
          begun.run is not null as begun
