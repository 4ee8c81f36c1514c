-- Locks held and waited for; who waits is told with whom it waits behind: the one before it in the queue, else the one
-- that has held the lock longest. Uses lock_held and lock_queue.
with queue as (
    select request.name, request.run, request.requested_at, request.id,
           row_number() over (partition by request.name order by request.id) as place,
           coalesce(lag(request.run) over (partition by request.name order by request.id), (
               select held.run from windlass.lock_grant as held
               where held.name = request.name and held.released_at is null
               order by held.token limit 1
           )) as behind
    from windlass.lock_request as request
)
select held.name, 'held' as state, held.run, run.job, held.granted_at as since, held.token, null::bigint as place,
       null::uuid as behind, null::text as behind_job, held.token as number
from windlass.lock_grant as held
join windlass.run on run.id = held.run
where held.released_at is null
union all
select queue.name, 'waiting', queue.run, run.job, queue.requested_at, null, queue.place, queue.behind, ahead.job, queue.id
from queue
join windlass.run on run.id = queue.run
left join windlass.run as ahead on ahead.id = queue.behind
order by name, state, number
