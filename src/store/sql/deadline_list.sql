-- Jobs with a deadline, and up to when it was looked at. Uses job_deadline.
select name, deadline, deadline_from, schedule, next_due, now() as now
from windlass.job
where deadline is not null and retired_at is null and schedule is not null
