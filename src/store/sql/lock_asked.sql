-- Locks that a run's current step has asked for before it gave the run back to wait.
select step, array_agg(name order by name) as names
from windlass.lock_request
where run = $1 and step >= 0
group by step
order by step desc
limit 1
