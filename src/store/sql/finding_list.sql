-- What daemons that are there have found. Uses finding's primary key.
select finding.*, daemon.host
from windlass.finding
join windlass.daemon on daemon.id = finding.daemon
where daemon.ended_at is null
order by daemon.started_at, finding.place
