-- The run of the same job that this one comes after: the one just ahead in line, else one that is running. Uses
-- run_unended.
(
    select ahead.id, 0 as rank
    from windlass.run as mine
    cross join lateral (
        (
            select queued.id, queued.queued_at from windlass.run as queued
            where queued.job = $1 and queued.state = 'queued' and (queued.queued_at, queued.id) < (mine.queued_at, mine.id)
            order by queued.queued_at desc, queued.id desc
            limit 1
        )
        union all
        (
            select waiting.id, waiting.queued_at from windlass.run as waiting
            where waiting.job = $1 and waiting.state = 'waiting' and (waiting.queued_at, waiting.id) < (mine.queued_at, mine.id)
            order by waiting.queued_at desc, waiting.id desc
            limit 1
        )
    ) as ahead
    where mine.id = $2
    order by ahead.queued_at desc, ahead.id desc
    limit 1
)
union all
(
    select other.id, 1
    from windlass.run as other
    where other.job = $1 and other.state = 'running' and other.id <> $2
    order by other.queued_at
    limit 1
)
order by rank
limit 1
