-- Writes a note of a step of a run that is this daemon's; a later one of the same name replaces it.
insert into windlass.note (job, step, run, name, value, params)
select run.job, $3, run.id, $4, $5, run.params
from windlass.run
where run.id = $1 and run.owner is not distinct from $2 and run.state = 'running'
on conflict (job, step, run, name) do update set value = excluded.value, at = now()
