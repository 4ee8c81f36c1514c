-- Renews a lease and says what else a daemon must know. Uses daemon_live, run_owned and lock_held.
with renewed as (
    update windlass.daemon
    set lease_until = now() + make_interval(secs => $2)
    where id = $1 and ended_at is null
    returning id
), neighbour as (
    select id, pid, process_started
    from windlass.daemon
    where ended_at is null and host = $3 and id <> $1
), lock as (
    select split_part(name, '/', 1) as class, 1 as held, 0 as waiting
    from windlass.lock_grant
    where released_at is null
    union all
    select split_part(name, '/', 1), 0, 1
    from windlass.lock_request
), class as (
    select class as name, sum(held) as held, sum(waiting) as waiting
    from lock
    group by class
)
select exists (select from renewed) as renewed,
       now() as now,
       array(select id from windlass.run where owner = $1 and cancel_requested_at is not null) as cancelled,
       array(select id from windlass.daemon where ended_at is null and lease_until < now() and id <> $1) as lapsed,
       (select count(*) from windlass.daemon where ended_at is null and lease_until >= now()) as leases,
       array(select name from class order by name) as lock_classes,
       array(select held from class order by name) as locks_held,
       array(select waiting from class order by name) as locks_waiting,
       array(select id from neighbour order by id) as neighbour_ids,
       array(select pid from neighbour order by id) as neighbour_pids,
       array(select process_started from neighbour order by id) as neighbour_started
