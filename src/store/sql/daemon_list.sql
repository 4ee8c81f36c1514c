-- Daemons that hold a lease, with their load. Uses daemon_live and run_owned.
select daemon.id, daemon.host, daemon.pid, daemon.version, daemon.lease_until,
       (select count(*) from windlass.run where run.owner = daemon.id) as runs
from windlass.daemon
where ended_at is null
order by started_at
