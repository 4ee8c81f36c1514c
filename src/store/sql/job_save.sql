-- Saves a job as loaded. A schedule that is new, changed or back from retirement counts from now.
insert into windlass.job as job (name, definition, schedule)
values ($1, $2, $3)
on conflict (name) do update
set definition = excluded.definition,
    schedule = excluded.schedule,
    planned_through = case
        when job.schedule is not distinct from excluded.schedule and job.retired_at is null then job.planned_through
        else greatest(now(), job.planned_through)
    end,
    retired_at = null,
    updated_at = case when job.definition = excluded.definition then job.updated_at else now() end
