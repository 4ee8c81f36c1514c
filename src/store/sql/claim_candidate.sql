-- The first run in line that wasn't looked at yet in this pass. `run` takes only runs made for it and, since those may
-- wait for them, runs that they trigger. Uses run_open.
select run.id, run.trigger, run.params, run.scheduled_for, run.round, run.from_step, run.round_started_at, run.cancel_requested_at,
       run.waiting_for, run.in_order, definition.hash, definition.resolved, definition.source, definition.base
from windlass.run
join windlass.definition on definition.hash = run.definition
where run.state in ('queued', 'waiting')
  and (run.private_to = $1 or (run.private_to is null and not $2)
       or (run.private_to is null and exists (
           select from windlass.run as parent where parent.id = run.parent_run and parent.private_to = $1)))
  and run.id <> all ($3::uuid[])
order by run.queued_at, run.id
limit 1
for update of run skip locked
