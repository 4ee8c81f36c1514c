-- Saves jobs as loaded. A schedule that is new, changed or back from retirement counts from now, and when it is due next is
-- found out by whoever plans. So does a deadline.
insert into windlass.job as job (name, definition, schedule, deadline, deadline_from)
select name, definition, schedule, deadline, now()
from unnest($1::text[], $2::text[], $3::jsonb[], $4::text[]) as saved (name, definition, schedule, deadline)
on conflict (name) do update
set definition = excluded.definition,
    schedule = excluded.schedule,
    planned_through = case
        when job.schedule is not distinct from excluded.schedule and job.retired_at is null then job.planned_through
        else greatest(now(), job.planned_through)
    end,
    next_due = case
        when job.schedule is not distinct from excluded.schedule and job.retired_at is null then job.next_due
    end,
    deadline = excluded.deadline,
    deadline_from = case
        when job.deadline is not distinct from excluded.deadline and job.retired_at is null then job.deadline_from
        else now()
    end,
    retired_at = null,
    updated_at = case when job.definition = excluded.definition then job.updated_at else now() end
