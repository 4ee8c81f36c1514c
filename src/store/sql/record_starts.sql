-- Attempts of several runs start, where the run is this daemon's. The first attempt, of a run and of its round, says when
-- they started. Uses run's primary key.
with facts as (
    select * from unnest($2::uuid[], $3::integer[], $4::integer[]) as facts (run, step, number)
), started as (
    update windlass.run
    set started_at = coalesce(started_at, now()), round_started_at = coalesce(round_started_at, now())
    from facts
    where run.id = any ($2::uuid[]) and run.id = facts.run and run.owner is not distinct from $1
      and (started_at is null or round_started_at is null)
)
insert into windlass.attempt (run, step, number, round, state, daemon)
select run.id, facts.step, facts.number, run.round, 'running', $1
from facts
join windlass.run on run.id = facts.run
where run.id = any ($2::uuid[]) and run.owner is not distinct from $1
on conflict (run, step, number) do nothing
