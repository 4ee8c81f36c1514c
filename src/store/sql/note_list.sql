-- Notes of a job's step, of this run and of runs that have ended or are gone, oldest first. Uses the primary key.
select note.run, note.name, note.value, note.params
from windlass.note
where note.job = $1
    and note.step = $2
    and (
        note.run = $3
        or not exists (
            select from windlass.run
            where run.id = note.run and run.state in ('queued', 'waiting', 'running')
        )
    )
order by note.at
