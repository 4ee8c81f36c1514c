-- Makes runs in line this daemon's, except those of a backfill and those that somebody else is busy with, if the daemon wasn't
-- given up. Where their jobs matter ($3), and then their jobs' queues are guarded, also except those that come after another run
-- of their job (claim_overlap says after which). A run that never started starts with its first step's first attempt. Each
-- other run is asked for in a scalar subquery with a limit: of `exists` the planner may make a hash of all runs. The condition
-- on its own state is none that an index has, or the whole line would be read for a few runs of it. Uses run's primary key and
-- run_unended.
with held as (
    select id, started_at is null and round = 1 and from_step = 0 and cancel_requested_at is null as begins
    from windlass.run as mine
    where id = any ($1::uuid[]) and state || '' = 'queued'
      and (select 1 from windlass.daemon where id = $2 and ended_at is null) is not null
      and not mine.in_order
      and (not $3::boolean or (
          (
              select 1 from windlass.run as other
              where other.job = mine.job and other.state = 'running'
              limit 1
          ) is null
          and (
              select 1 from windlass.run as other
              where other.job = mine.job and other.state = 'queued' and not other.in_order
                and (other.queued_at, other.id) < (mine.queued_at, mine.id)
              limit 1
          ) is null
          and (
              select 1 from windlass.run as other
              where other.job = mine.job and other.state = 'waiting' and not other.in_order
                and (other.queued_at, other.id) < (mine.queued_at, mine.id)
              limit 1
          ) is null
      ))
    for no key update of mine skip locked
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
