-- Removes old runs, at most so many ($2), the oldest first, from those on that a pass has come to ($3). One that another
-- daemon is removing is passed over. What was made after the limit can't have ended before it, so only old runs are looked
-- at. Uses run_newest.
with old as materialized (
    select id
    from windlass.run
    where created_at < now() - make_interval(secs => $1)
      and created_at >= coalesce($3, '-infinity'::timestamptz)
      and state in ('succeeded', 'failed', 'cancelled') and ended_at < now() - make_interval(secs => $1)
    order by created_at
    limit $2
    for update skip locked
), gone as (
    delete from windlass.run
    using old
    where run.id = old.id
    returning run.created_at
)
select count(*) as removed, max(created_at) as through
from gone
