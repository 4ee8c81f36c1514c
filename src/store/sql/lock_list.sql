-- Locks held and waited for. Uses lock_held.
select held.name, 'held' as state, held.run, run.job, held.granted_at as since, held.token, held.token as place
from windlass.lock_grant as held
join windlass.run on run.id = held.run
where held.released_at is null
union all
select request.name, 'waiting', request.run, run.job, request.requested_at, null, request.id
from windlass.lock_request as request
join windlass.run on run.id = request.run
order by name, state, place
