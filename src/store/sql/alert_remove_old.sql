-- Removes old alerts that are settled, at most so many ($2), the oldest first. Uses alert_newest.
delete from windlass.alert
where id in (
    select id from windlass.alert
    where state <> 'pending' and at < now() - make_interval(secs => $1)
    order by at
    limit $2
    for update skip locked
)
