-- Alerts, newest first. Uses alert_of_job or alert_newest.
select *
from windlass.alert
where ($1::text is null or job = $1)
  and (cardinality($2::text[]) = 0 or state = any ($2))
  and ($3::timestamptz is null or at >= $3)
order by at desc, id
limit $4
