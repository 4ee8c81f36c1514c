-- A run that is this daemon's ends in a way that is told. A success is told only after a failure was. Uses alert_of_job.
insert into windlass.alert (kind, job, subject, moment, run, definition, by_settings)
select $3, run.job, run.id::text, run.round::text, run.id, run.definition, $4
from windlass.run
where id = $1 and owner is not distinct from $2
  and ($3 <> 'recovered' or (
      select last.kind
      from windlass.alert as last
      where last.job = run.job and last.kind in ('failed', 'recovered')
      order by last.at desc
      limit 1
  ) = 'failed')
on conflict (kind, subject, moment) do nothing
