-- Schedules of jobs.
select name, schedule, planned_through
from windlass.job
where retired_at is null and schedule is not null
order by name
