-- The outcome of a job's step the last time that it succeeded in another run. A step is known by its id, wherever it
-- stood in the job then. Uses run_of_job and the primary keys of attempt and definition.
select attempt.outcome
from windlass.run
join windlass.definition on definition.hash = run.definition
join windlass.attempt on attempt.run = run.id and attempt.state = 'succeeded'
where run.job = $1
  and run.id <> $3
  and definition.resolved -> 'steps' -> attempt.step ->> 'id' = $2
order by run.created_at desc, attempt.number desc
limit 1
