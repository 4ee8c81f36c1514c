-- A run of the same job that comes before this one: running, or ahead in line. Runs of a backfill let all others go
-- first. Uses run_of_job.
select other.id
from windlass.run as other
join windlass.run as mine on mine.id = $2
where other.job = $1 and other.id <> $2
  and (other.state = 'running'
       or (other.state in ('queued', 'waiting')
           and case when other.in_order = mine.in_order then (other.queued_at, other.id) < (mine.queued_at, mine.id)
                    else mine.in_order end))
order by (other.state = 'running') desc, other.queued_at, other.id
limit 1
