-- The first runs in line whose definitions can be read ($4: those that can't), so many of them; one row without a run if there are none, and no row for a daemon that was given
-- up. `run` takes only runs made for it and, since those may wait for them, runs that they trigger: a parent is asked for
-- in a scalar subquery, because of an `exists` the planner may make a hash of the whole table. Uses run_queued.
select head.*
from windlass.daemon
left join lateral (
    select run.id, run.definition, run.trigger, run.params, run.scheduled_for, run.started_at is not null as started,
           run.in_order
    from windlass.run
    where run.state = 'queued' and run.definition <> all ($4::text[])
      and (run.private_to = $1 or (run.private_to is null and not $2)
           or (run.private_to is null and (
               select parent.private_to from windlass.run as parent where parent.id = run.parent_run) = $1))
    order by run.queued_at, run.id
    limit $3
) as head on true
where daemon.id = $1 and daemon.ended_at is null
