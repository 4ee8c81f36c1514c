-- Joins the queues of locks that the holder neither has nor waits for. What the whole run holds its steps hold too.
insert into windlass.lock_request (name, run, step)
select name, $2, $3
from unnest($1::text[]) as name
where not exists (
    select from windlass.lock_grant as held
    where held.name = name.name and held.run = $2 and held.step in ($3, -1) and held.released_at is null
)
on conflict (name, run, step) do nothing
