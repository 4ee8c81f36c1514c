-- Sends a hint, if the run is this daemon's.
select pg_notify($3, $4)
from windlass.run
where id = $1 and owner is not distinct from $2
