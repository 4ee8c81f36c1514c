-- A job's due times of late that did not run, newest first: at most so many ($2) of the last thousand. Uses firing's primary key.
select scheduled_for, state, reason, run, noticed_at
from (
    select scheduled_for, state, reason, run, noticed_at
    from windlass.firing
    where job = $1
    order by scheduled_for desc
    limit 1000
) as latest
where state <> 'ran'
order by scheduled_for desc
limit $2
