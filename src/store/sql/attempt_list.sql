-- Attempts of runs in the order they started. Uses attempt's primary key.
select run, step, number, round, state, started_at, ended_at, outcome, failure, progress
from windlass.attempt
where run = any ($1::uuid[])
order by run, started_at, step, number
