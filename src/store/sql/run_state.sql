-- A run's state.
select state, now() as now
from windlass.run
where id = $1
