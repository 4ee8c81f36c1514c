-- Holds a job that is planned until the transaction ends. Uses job's primary key.
select definition.resolved, job.definition, job.planned_through, job.paused_at is not null as paused, now() as now
from windlass.job
join windlass.definition on definition.hash = job.definition
where job.name = $1 and job.retired_at is null
for update of job
