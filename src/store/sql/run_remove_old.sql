-- Removes old runs, few enough to be quick; the rest goes the next time. Uses run_newest.
delete from windlass.run
where id in (
    select id from windlass.run
    where state in ('succeeded', 'failed', 'cancelled') and ended_at < now() - make_interval(secs => $1)
    order by created_at
    limit 1000
)
