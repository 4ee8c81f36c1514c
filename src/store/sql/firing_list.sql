-- A job's newest firings. Uses firing's primary key.
select scheduled_for, state, reason, run
from windlass.firing
where job = $1
order by scheduled_for desc
limit $2
