-- Holds a daemon's lease against being taken over until the transaction ends. Nothing comes back if it was given up.
select id
from windlass.daemon
where id = $1 and ended_at is null
for share
