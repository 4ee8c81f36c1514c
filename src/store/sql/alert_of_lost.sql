-- Attempts of a daemon that is given up are told, where their job wants it; $2: where it says nothing. Before they are
-- marked. Uses attempt_running.
insert into windlass.alert (kind, job, subject, moment, run, definition, by_settings, detail)
select 'attempt_lost', run.job, run.id::text, attempt.step || '/' || attempt.number, run.id, run.definition,
       not definition.resolved ? 'notify',
       jsonb_build_object('step', definition.resolved #>> array['steps', attempt.step::text, 'id'],
                          'attempt', attempt.number)
from windlass.attempt
join windlass.run on run.id = attempt.run
join windlass.definition on definition.hash = run.definition
where attempt.daemon = $1 and attempt.state = 'running'
  and case when definition.resolved ? 'notify' then definition.resolved #> '{notify,on}' ? 'attempt_lost' else $2 end
on conflict (kind, subject, moment) do nothing
