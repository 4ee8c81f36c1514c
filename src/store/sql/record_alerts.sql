-- Runs that are this daemon's end in a way that is told. A success is told only after a failure was, and once for its job. Uses run's
-- primary key and alert_of_job.
insert into windlass.alert (kind, job, subject, moment, run, definition, by_settings)
select told.kind, told.job, told.run::text, told.round::text, told.run, told.definition, told.by_settings
from (
    select facts.run, facts.kind, facts.by_settings, run.job, run.round, run.definition,
           row_number() over (partition by run.job, facts.kind) as nth
    from unnest($2::uuid[], $3::text[], $4::boolean[]) as facts (run, kind, by_settings)
    join windlass.run on run.id = facts.run
    where run.id = any ($2::uuid[]) and run.owner is not distinct from $1
) as told
where told.kind <> 'recovered' or (told.nth = 1 and (
    select last.kind
    from windlass.alert as last
    where last.job = told.job and last.kind in ('failed', 'recovered')
    order by last.at desc
    limit 1
) = 'failed')
on conflict (kind, subject, moment) do nothing
