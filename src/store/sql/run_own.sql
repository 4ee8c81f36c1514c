-- Holds a run that is this daemon's until the transaction ends.
select clock_timestamp() as now
from windlass.run
where id = $1 and owner = $2 and state = 'running'
for no key update
