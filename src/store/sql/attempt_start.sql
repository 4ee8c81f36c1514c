-- An attempt starts, if the run is this daemon's.
insert into windlass.attempt (run, step, number, round, state, daemon)
select $1, $3, $4, run.round, 'running', $2
from windlass.run
where run.id = $1 and run.owner is not distinct from $2
on conflict (run, step, number) do nothing
