-- Calls the first that waits of each job that these runs, which end and hold no locks, are of; where there is one, a hint is sent.
-- As queue_call does. Uses run_unended and run's primary key.
with called as (
    update windlass.run
    set state = 'queued'
    where state || '' = 'waiting' and id = any (array (
        select (
            select other.id
            from windlass.run as other
            where other.job = ended.job and other.state = 'waiting' and other.id <> ended.id
            order by other.in_order, other.queued_at, other.id
            limit 1
        )
        from windlass.run as ended
        where ended.id = any ($1::uuid[])
    ))
    returning id
)
select pg_notify($2, $3)
from called
limit 1
