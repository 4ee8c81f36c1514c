-- A job's firings in a stretch of time, newest first. Uses firing's primary key.
select scheduled_for, state, reason, run, noticed_at
from windlass.firing
where job = $1 and ($2::timestamptz is null or scheduled_for >= $2) and ($3::timestamptz is null or scheduled_for <= $3)
order by scheduled_for desc
limit $4
