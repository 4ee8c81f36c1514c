-- A run whose end was asked for leaves the queues. One that never started frees what it holds too: a daemon that died
-- between claiming it and its first attempt has left nothing at work. Uses lock_of_run.
with ending as (
    select id, state from windlass.run
    where id = $1 and state <> 'running'
), freed as (
    update windlass.lock_grant
    set released_at = now()
    from ending
    where lock_grant.run = ending.id and ending.state = 'cancelled' and released_at is null
)
delete from windlass.lock_request
using ending
where lock_request.run = ending.id
