-- Definitions by their hashes. Uses definition's primary key.
select definition.hash, definition.resolved, definition.source, definition.base
from windlass.definition
where definition.hash = any ($1::text[])
