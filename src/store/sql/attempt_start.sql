-- An attempt starts.
insert into windlass.attempt (run, step, number, round, state, daemon)
select $1, $2, $3, run.round, 'running', $4
from windlass.run
where run.id = $1
on conflict (run, step, number) do nothing
