-- Enters a daemon with its first lease.
insert into windlass.daemon (id, host, pid, process_started, version, lease_until)
values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
on conflict (id) do nothing
