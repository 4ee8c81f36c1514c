-- All that is held and waited for, queues in their order, and runs that wait for the end of a run that a step of theirs
-- triggered. Uses lock_held, run_unended and run_owned.
select 'held' as what, name, run, null::uuid as other, token as place
from windlass.lock_grant
where released_at is null
union all
select 'asked', name, run, null, id
from windlass.lock_request
union all
select 'ends', '', parent.id, child.id, 0
from (
    select id, parent_run, parent_step from windlass.run where state in ('queued', 'waiting') and parent_run is not null
    union all
    select id, parent_run, parent_step from windlass.run where owner is not null and parent_run is not null
) as child
join windlass.run as parent on parent.id = child.parent_run
join windlass.definition on definition.hash = parent.definition
where parent.state in ('queued', 'waiting', 'running')
  and definition.resolved #>> array['steps', child.parent_step::text, 'kind', 'trigger', 'wait'] = 'true'
  and not exists (
      select from windlass.attempt
      where attempt.run = parent.id and attempt.step = child.parent_step and attempt.state = 'succeeded'
  )
order by place
