-- Locks that runs hold or held; a turn that a step has reserved (below -1) is none of them. Uses lock_of_run.
select run, name, waited_s, token, granted_at, step
from windlass.lock_grant
where run = any ($1::uuid[]) and step >= -1
order by token
