-- Attempts of these daemons ($1) that were lost with them, among the newest runs. Uses run_newest and attempt's primary key.
select attempt.daemon, latest.id, latest.job, latest.state
from (
    select id, job, state, created_at
    from windlass.run
    order by created_at desc
    limit 2000
) as latest
join windlass.attempt on attempt.run = latest.id
where attempt.state = 'lost' and attempt.daemon = any ($1)
order by latest.created_at desc
limit 100
