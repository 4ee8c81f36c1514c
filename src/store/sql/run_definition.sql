-- The definition that a run started with.
select definition.hash, definition.resolved, definition.source, definition.base
from windlass.run
join windlass.definition on definition.hash = run.definition
where run.id = $1
