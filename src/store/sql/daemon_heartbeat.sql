-- Renews a lease and says what else a daemon must know. Uses daemon_live and run_owned.
with renewed as (
    update windlass.daemon
    set lease_until = now() + make_interval(secs => $2)
    where id = $1 and ended_at is null
    returning id
), neighbour as (
    select id, pid, process_started
    from windlass.daemon
    where ended_at is null and host = $3 and id <> $1
)
select exists (select from renewed) as renewed,
       now() as now,
       array(select id from windlass.run where owner = $1 and cancel_requested_at is not null) as cancelled,
       array(select id from windlass.daemon where ended_at is null and lease_until < now() and id <> $1) as lapsed,
       array(select id from neighbour order by id) as neighbour_ids,
       array(select pid from neighbour order by id) as neighbour_pids,
       array(select process_started from neighbour order by id) as neighbour_started
