-- All jobs with their definitions. Uses job's primary key.
select definition.hash, definition.resolved, definition.source, definition.base, job.problem
from windlass.job
join windlass.definition on definition.hash = job.definition
where job.retired_at is null
order by job.name
