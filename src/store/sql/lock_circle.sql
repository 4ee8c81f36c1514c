-- Whether the holders of these locks wait, directly or through others, for a lock that this run holds: then nobody can go
-- on. Locks with several holders don't count, any of them may end first. Uses lock_held.
with recursive sole as (
    select name, min(run::text)::uuid as run
    from windlass.lock_grant
    where released_at is null
    group by name
    having count(*) = 1
), behind as (
    select sole.name, sole.run from sole where sole.name = any ($1::text[]) and sole.run <> $2
    union
    select sole.name, sole.run
    from behind
    join windlass.lock_request as request on request.run = behind.run
    join sole on sole.name = request.name
)
select behind.name
from behind
where behind.run = $2
order by behind.name
limit 1
