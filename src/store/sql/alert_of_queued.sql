-- A run that can't even start has failed, and that is told.
insert into windlass.alert (kind, job, subject, moment, run, definition, by_settings)
select 'failed', run.job, run.id::text, run.round::text, run.id, run.definition, $2
from windlass.run
where id = $1
on conflict (kind, subject, moment) do nothing
