-- Calls who may go on when a run gives up its locks (one step's, or with step null all of them, and then its place among
-- its job's runs too): the first that waits for each lock, and the first of the job. Runs that hold something while they
-- wait may pass others, so they are called as well. Who was called is looked at again, and waits on if it must. Uses
-- lock_of_run, lock_queue, lock_held, run_unended and run's primary key; conditions on states are written so that none of those
-- called is looked for along the whole line.
update windlass.run
set state = 'queued'
where state || '' = 'waiting' and id = any (array (
    select (
        select request.run
        from windlass.lock_request as request
        join windlass.run as waiter on waiter.id = request.run
        where request.name = mine.name and request.step >= -1 and request.run <> $1 and waiter.state || '' = 'waiting'
        order by request.id
        limit 1
    )
    from (
        select name from windlass.lock_grant
        where run = $1 and released_at is null and ($2::integer is null or step = $2)
        union
        select name from windlass.lock_request
        where run = $1 and ($2::integer is null or step = $2)
    ) as mine
    union all
    select held.run from windlass.lock_grant as held
    where held.released_at is null and held.run <> $1
    union all
    (
        select other.id
        from windlass.run as other
        where other.job = (select job from windlass.run where id = $1) and other.state = 'waiting' and other.id <> $1
          and $2::integer is null
        order by other.in_order, other.queued_at, other.id
        limit 1
    )
))
