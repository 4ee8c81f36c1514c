-- Calls the first that waits for each lock and the first waiting run of each job. A net for a call that never came,
-- because a statement's author forgot one or a database was restored. Uses lock_queue, run_unended.
update windlass.run
set state = 'queued'
where state || '' = 'waiting' and id = any (array (
    select first.run from (
        select distinct on (request.name) request.name, request.run
        from windlass.lock_request as request
        where request.step >= -1
        order by request.name, request.id
    ) as first
    union
    select held.run from windlass.lock_grant as held where held.released_at is null
    union
    select first.id from (
        select distinct on (waiting.job) waiting.job, waiting.id
        from windlass.run as waiting
        where waiting.state = 'waiting'
        order by waiting.job, waiting.in_order, waiting.queued_at, waiting.id
    ) as first
))
