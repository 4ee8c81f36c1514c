-- Runs, newest first. Uses run_newest, run_of_job, run_by_trigger, run_unended or the primary key, by what the conditions are.
select run.*, definition.resolved
from windlass.run
join windlass.definition on definition.hash = run.definition
where :conditions
order by run.created_at desc, run.id desc
limit :limit
