-- Notes of a job's step, of this run and of runs that have ended or are gone, oldest first. What could not be cleaned up
-- for 90 days never will be; it is forgotten. Uses the primary key.
with expired as (
    delete from windlass.note where job = $1 and step = $2 and at < now() - interval '90 days'
)
select note.run, note.name, note.value, note.params
from windlass.note
where note.job = $1
    and note.step = $2
    and note.at >= now() - interval '90 days'
    and (
        note.run = $3
        or not exists (
            select from windlass.run
            where run.id = note.run and run.state in ('queued', 'waiting', 'running')
        )
    )
order by note.at
