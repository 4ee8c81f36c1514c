-- Daemons: those that hold a lease, and those that ended within a week, so many ($1), with what they run. Uses daemon's
-- primary key and run_owned.
select daemon.id, daemon.host, daemon.pid, daemon.version, daemon.started_at, daemon.lease_until, daemon.ended_at, daemon.lost,
       coalesce(at_work.runs, '{}') as runs, coalesce(at_work.jobs, '{}') as jobs
from windlass.daemon
left join lateral (
    select array_agg(run.id order by run.id) as runs, array_agg(run.job order by run.id) as jobs
    from windlass.run
    where run.owner = daemon.id
) as at_work on true
where daemon.ended_at is null or daemon.ended_at > now() - interval '7 days'
order by daemon.ended_at is not null, daemon.ended_at desc, daemon.started_at
limit $1
