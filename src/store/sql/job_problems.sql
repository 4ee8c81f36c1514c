-- Says of each job whether its file can be read.
update windlass.job
set problem = found.problem, broken_at = case when found.problem is not null then coalesce(job.broken_at, now()) end
from windlass.job as each
left join unnest($1::text[], $2::text[]) as found (name, problem) on found.name = each.name
where each.name = job.name and job.retired_at is null and job.problem is distinct from found.problem
