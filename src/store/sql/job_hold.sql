-- Holds a job until the transaction ends. Uses job's primary key.
select paused_at, schedule
from windlass.job
where name = $1 and retired_at is null
for update
