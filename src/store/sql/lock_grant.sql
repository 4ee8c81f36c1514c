-- Turns a holder's requests into grants and returns all that it holds of these names. Uses lock_held.
with served as (
    delete from windlass.lock_request
    where name = any ($1::text[]) and run = $2 and step = $3
    returning name, requested_at
), granted as (
    insert into windlass.lock_grant (name, run, step, waited_s)
    select name, $2, $3, extract(epoch from clock_timestamp() - requested_at)::double precision
    from served
    order by name
    returning name, waited_s, token, granted_at, step
)
select name, waited_s, token, granted_at, step from granted
union all
select name, waited_s, token, granted_at, step from windlass.lock_grant
where name = any ($1::text[]) and run = $2 and step in ($3, -1) and released_at is null
order by name
