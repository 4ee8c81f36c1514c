-- Locks that runs hold or held. Uses lock_of_run.
select run, name, waited_s, token
from windlass.lock_grant
where run = any ($1::uuid[])
order by token
