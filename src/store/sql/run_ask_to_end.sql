-- Asks for a run's end, once. One that somebody else is busy with is ending, or being asked.
update windlass.run
set cancel_requested_at = now(), state = case when state = 'waiting' then 'queued' else state end
where id in (
    select id from windlass.run
    where id = $1 and cancel_requested_at is null and state in ('queued', 'waiting', 'running')
    for update skip locked
)
