-- Runs among these that have ended. Uses the primary key.
select id
from windlass.run
where id = any ($1::uuid[]) and state in ('succeeded', 'failed', 'cancelled')
