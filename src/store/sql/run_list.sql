-- Runs, newest first. Uses run_newest, run_of_job, run_by_trigger, run_unended or the primary key, by what the conditions are.
-- `:job` is there where one job's are wanted: it keeps the planner from going through run_newest to find them.
select run.*, definition.resolved
from windlass.run
join windlass.definition on definition.hash = run.definition
where :conditions
order by :job run.created_at desc, run.id desc
limit :limit
