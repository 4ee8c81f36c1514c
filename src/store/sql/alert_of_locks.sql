-- Runs that have waited for a lock for too long are told, where their job wants it; $1, $2: where it says nothing,
-- whether and after how many seconds. Says which jobs they are of. There are few requests.
insert into windlass.alert (kind, job, subject, moment, run, definition, by_settings, detail)
select 'lock_waited', run.job, run.id::text, request.id::text, run.id, run.definition,
       not definition.resolved ? 'notify',
       jsonb_build_object('lock', request.name, 'since', request.requested_at, 'waiting_for', run.waiting_for)
from windlass.lock_request as request
join windlass.run on run.id = request.run
join windlass.definition on definition.hash = run.definition
where request.step >= -1
  and case when definition.resolved ? 'notify'
           then definition.resolved #> '{notify,on}' ? 'lock_waited'
                and request.requested_at < now() - make_interval(
                    secs => (definition.resolved #>> '{notify,lock_wait,secs}')::double precision)
           else $1 and request.requested_at < now() - make_interval(secs => $2)
      end
on conflict (kind, subject, moment) do nothing
returning job
