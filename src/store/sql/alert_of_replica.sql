-- A job's replica is too old, which is told where the job wants it; $5: where it says nothing. Uses job's primary key.
insert into windlass.alert (kind, job, subject, moment, definition, by_settings, detail)
select 'replica_old', job.name, $2, $3, job.definition, not definition.resolved ? 'notify', $4
from windlass.job
join windlass.definition on definition.hash = job.definition
where job.name = $1 and job.retired_at is null
  and case when definition.resolved ? 'notify' then definition.resolved #> '{notify,on}' ? 'replica_old' else $5 end
on conflict (kind, subject, moment) do nothing
returning job
