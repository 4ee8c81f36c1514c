-- What people and tokens did to a run, oldest first. Uses audit_of_run.
select id, at, actor, via, action, job, run, detail
from windlass.audit
where run = $1
order by id
limit 100
