-- Whether somebody may wait for this run: it holds a lock, or a step of another run triggered it. Uses lock_of_run.
select exists (select from windlass.lock_grant where run = $1 and released_at is null)
    or exists (select from windlass.run where id = $1 and parent_run is not null) as in_hands
