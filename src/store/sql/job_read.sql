-- A job with its definition. Uses job's primary key.
select definition.hash, definition.resolved, definition.source, definition.base
from windlass.job
join windlass.definition on definition.hash = job.definition
where job.name = $1 and job.retired_at is null
