-- Asks for a run's end; one that never started ends at once, one that waits is called to be ended.
update windlass.run
set cancel_requested_at = case when state in ('queued', 'waiting', 'running')
                               then coalesce(cancel_requested_at, now()) else cancel_requested_at end,
    state = case when state in ('queued', 'waiting') and started_at is null then 'cancelled'
                 when state = 'waiting' then 'queued' else state end,
    ended_at = case when state in ('queued', 'waiting') and started_at is null then now() else ended_at end,
    waiting_for = case when state in ('queued', 'waiting') and started_at is null then null else waiting_for end,
    waiting_since = case when state in ('queued', 'waiting') and started_at is null then null else waiting_since end
where id = $1
returning state, job
