-- Holds jobs until the transaction ends and says what they are now. Uses job's primary key.
select job.name, job.definition, job.retired_at is null as live, job.schedule is distinct from new.schedule as edited
from unnest($1::text[], $2::jsonb[]) as new (name, schedule)
join windlass.job on job.name = new.name
order by job.name
for update of job
