-- The outcome of a job's step the last time that it succeeded in another run. A step is known by its id, wherever it
-- stood in the job then. Uses run_of_job and the primary keys of attempt and definition.
-- A job is named as one of a list and in the order: else, where one job has most of all runs, the planner would go through
-- run_newest to look for another's.
select attempt.outcome
from windlass.run
join windlass.definition on definition.hash = run.definition
join windlass.attempt on attempt.run = run.id and attempt.state = 'succeeded'
where run.job = any (array[$1])
  and run.id <> $3
  and definition.resolved -> 'steps' -> attempt.step ->> 'id' = $2
order by run.job, run.created_at desc, attempt.number desc
limit 1
