-- Holds jobs until the transaction ends, in an order in which nobody waits in a circle. Uses job's primary key.
select job.name, job.schedule, definition.resolved -> 'overlap' as overlap, definition.resolved -> 'params' as params,
       job.planned_through, job.next_due, job.paused_at, coalesce($2::timestamptz, now()) as now
from windlass.job
join windlass.definition on definition.hash = job.definition
where job.name = any ($1::text[]) and job.retired_at is null and job.schedule is not null
order by job.name
for update of job
