-- Takes alerts that are to be told now; $2: also those that `notify` of windlass.yaml is for. One that a daemon took and
-- didn't tell is taken again when that daemon is gone, or has forgotten it. Uses alert_pending.
with due as (
    select id
    from windlass.alert
    where state = 'pending' and next_try <= now() and ($2 or not by_settings)
      and (claimed_by is null or claimed_until < now() or not exists (
          select from windlass.daemon where daemon.id = claimed_by and daemon.ended_at is null))
    order by next_try
    limit $3
    for update skip locked
)
update windlass.alert
set claimed_by = $1, claimed_until = now() + interval '5 minutes', tries = tries + 1
from due
where alert.id = due.id
returning alert.*, now() as now, (
    select last.settled_at
    from windlass.alert as last
    where last.job = alert.job and last.kind = alert.kind and last.state = 'delivered'
    order by last.at desc
    limit 1
) as last_told
