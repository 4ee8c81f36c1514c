-- Jobs with when each is due next: null where that isn't known yet, or was said while the clock was ahead.
select name, schedule is not null as scheduled, case when planned_through <= now() + make_interval(secs => $1) then next_due end as next_due,
       clock_timestamp() as now
from windlass.job
where retired_at is null
