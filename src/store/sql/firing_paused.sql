-- Firings that a job's pause has skipped so far, oldest first. Uses firing's primary key. What was due before the pause and
-- noticed within it was skipped by it too.
select firing.scheduled_for
from windlass.job
join windlass.firing on firing.job = job.name
where job.name = $1 and job.paused_at is not null
  and firing.state = 'skipped' and firing.reason = 'paused' and firing.noticed_at >= job.paused_at
order by firing.scheduled_for
