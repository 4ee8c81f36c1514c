-- Removes old alerts that are settled, few enough to be quick; the rest goes the next time. Uses alert_newest.
delete from windlass.alert
where id in (
    select id from windlass.alert
    where state <> 'pending' and at < now() - make_interval(secs => $1)
    order by at
    limit 5000
)
