-- Holds a run that is this daemon's until the transaction ends.
select now() as now
from windlass.run
where id = $1 and owner = $2 and state = 'running'
for update
