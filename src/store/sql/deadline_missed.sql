-- A job's deadline has passed in vain. It is recorded in any case, and told where the job wants it; $5: where it says
-- nothing. Says whether it is told.
insert into windlass.alert (kind, job, subject, moment, run, definition, by_settings, detail, state, settled_at)
select 'deadline', $1::text, $1::text, $2, $3::uuid, definition.hash, not definition.resolved ? 'notify', $4, wanted.state,
       case when wanted.state = 'unheard' then now() end
from windlass.definition
cross join lateral (
    select case when case when definition.resolved ? 'notify'
                          then definition.resolved #> '{notify,on}' ? 'deadline' else $5 end
                then 'pending' else 'unheard' end as state
) as wanted
where definition.hash = $6
on conflict (kind, subject, moment) do nothing
returning state
