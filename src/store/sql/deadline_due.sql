-- The last due time of a stretch that was not skipped, and whether a run of the job that was made for it or later had
-- succeeded by the stretch's end. Nothing comes back if nothing was due. Uses firing's primary key and run_of_job.
select firing.scheduled_for, firing.state, firing.reason, firing.run,
       exists (
           select from windlass.run
           where run.job = $1 and run.created_at >= firing.scheduled_for - interval '1 minute'
             and run.scheduled_for >= firing.scheduled_for
             and run.state = 'succeeded' and run.ended_at <= $3
       ) as met
from windlass.firing
where firing.job = $1 and firing.scheduled_for >= $2 and firing.scheduled_for < $3
  and firing.state in ('due', 'ran', 'missed', 'superseded')
order by firing.scheduled_for desc
limit 1
