-- Whether a run that is this daemon's is still wanted.
select cancel_requested_at is null as wanted
from windlass.run
where id = $1 and owner is not distinct from $2
