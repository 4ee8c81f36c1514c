-- Jobs that publish a replica, with their definitions. Uses job's primary key; there are few of them.
select definition.hash, definition.resolved, definition.source, definition.base
from windlass.job
join windlass.definition on definition.hash = job.definition
where job.retired_at is null and jsonb_path_exists(definition.resolved, '$.steps[*].kind.publish_replica')
order by job.name
