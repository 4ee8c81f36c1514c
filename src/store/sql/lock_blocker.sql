-- Who is in the way of a holder that asks for several locks: one row, or none if all can be granted. A lock is free for
-- it if it has it already, or nobody but those whom it may pass ($5) is ahead of it in the queue and the capacity isn't
-- used up. Uses lock_queue and lock_held.
select wanted.name, coalesce(ahead.run, held.run) as run, run.job
from unnest($1::text[], $2::bigint[]) as wanted (name, capacity)
join windlass.lock_request as mine on mine.name = wanted.name and mine.run = $3 and mine.step = $4
left join lateral (
    select request.run from windlass.lock_request as request
    where request.name = wanted.name and request.id < mine.id and request.run <> all ($5::uuid[])
    order by request.id desc limit 1
) as ahead on true
left join lateral (
    select held.run from windlass.lock_grant as held
    where held.name = wanted.name and held.released_at is null
    order by held.token limit 1
) as held on true
left join windlass.run on run.id = coalesce(ahead.run, held.run)
where ahead.run is not null
   or wanted.capacity <= (
       select count(*) from windlass.lock_grant as grants
       where grants.name = wanted.name and grants.released_at is null
   )
order by wanted.name
limit 1
