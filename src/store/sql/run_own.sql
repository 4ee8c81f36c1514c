-- Holds a run that is this daemon's until the transaction ends. Uses run's primary key: the condition on the owner is none that an
-- index has, here and wherever a run is known by its id, or all that this daemon had lately might be read for one of its runs.
select clock_timestamp() as now
from windlass.run
where id = $1 and owner is not distinct from $2
for no key update
