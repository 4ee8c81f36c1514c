-- The run of the same job that this one comes after: the one just ahead in line, else one that is running. Runs of a
-- backfill let all others go first. Uses run_unended.
(
    select ahead.id, 0 as rank
    from windlass.run as mine
    cross join lateral (
        (
            select other.id, other.queued_at from windlass.run as other
            where other.job = $1 and other.state = 'queued' and other.in_order = mine.in_order
              and (other.queued_at, other.id) < (mine.queued_at, mine.id)
            order by other.queued_at desc, other.id desc
            limit 1
        )
        union all
        (
            select other.id, other.queued_at from windlass.run as other
            where other.job = $1 and other.state = 'waiting' and other.in_order = mine.in_order
              and (other.queued_at, other.id) < (mine.queued_at, mine.id)
            order by other.queued_at desc, other.id desc
            limit 1
        )
        union all
        (
            select other.id, other.queued_at from windlass.run as other
            where other.job = $1 and other.state = 'queued' and mine.in_order and not other.in_order
            order by other.queued_at desc, other.id desc
            limit 1
        )
        union all
        (
            select other.id, other.queued_at from windlass.run as other
            where other.job = $1 and other.state = 'waiting' and mine.in_order and not other.in_order
            order by other.queued_at desc, other.id desc
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
